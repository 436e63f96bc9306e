#include "cli/train_output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/interrupt.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = studio::Event::Kind;

Json Number(float value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace

void PrintLine(const Json& object) {
  std::puts(object.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

bool TrainOutput::operator()(const studio::Event& event) {
  switch (event.kind) {
    case Kind::kBegin:
      progress_.Begin(std::string(event.step));
      if (lines_) PrintLine({{"event", "begin"}, {"step", event.step}, {"text", event.text}});
      break;
    case Kind::kProgress:
      progress_.Update(event.share, event.text);
      break;
    case Kind::kEpoch:
      Tell(*event.epoch, event);
      break;
    case Kind::kEnd:
      progress_.End(event.text);
      if (lines_) PrintLine({{"event", "end"}, {"step", event.step}, {"text", event.text}});
      break;
  }
  return !Interrupted();
}

std::vector<std::pair<std::string, double>> TrainOutput::StepSeconds() const {
  std::vector<std::pair<std::string, double>> sums;
  for (const auto& [step, seconds] : progress_.seconds()) {
    const auto known = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == step; });
    if (known == sums.end()) {
      sums.emplace_back(step, seconds);
    } else {
      known->second += seconds;
    }
  }
  return sums;
}

Json TrainOutput::Seconds() const {
  Json object = Json::object();
  double total = 0;
  for (const auto& [step, seconds] : StepSeconds()) {
    object[step] = seconds;
    total += seconds;
  }
  object["total"] = total;
  return object;
}

void TrainOutput::Tell(const trainer::Epoch& epoch, const studio::Event& event) {
  char detail[96];
  if (std::isnan(epoch.validation_score)) {
    std::snprintf(detail, sizeof detail, "loss %.3f", static_cast<double>(epoch.training_loss));
  } else {
    std::snprintf(detail, sizeof detail, "loss %.3f, validation %.1f %%", static_cast<double>(epoch.training_loss),
                  100 * static_cast<double>(epoch.validation_score));
  }
  progress_.Update(event.share, detail);
  if (!lines_) return;
  PrintLine({{"event", "epoch"},
             {"epoch", epoch.number},
             {"epochs", epoch.count},
             {"training_loss", Number(epoch.training_loss)},
             {"training_accuracy", Number(epoch.training_score)},
             {"validation_loss", Number(epoch.validation_loss)},
             {"validation_accuracy", Number(epoch.validation_score)},
             {"best", epoch.best}});
}

}  // namespace thimble::cli
