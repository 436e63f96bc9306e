#include "studio/server/live/live_page.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/api/thin.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr size_t kMostWaitingBytes = 256 * 1024;
/// Of what is not judged yet. With more of it the oldest go, and windows begin anew behind the gap.
constexpr size_t kMostWaitingNumbers = 131'072;

json NumberOrNull(double number) { return std::isfinite(number) ? json(number) : json(); }

std::string TextOf(const LiveReadings& readings, int64_t lost) {
  const size_t width = readings.axes.size();
  std::string text = R"({"first":)" + std::to_string(readings.first) + R"(,"interval_ms":)" +
                     json(readings.interval_ms).dump() + R"(,"lost":)" + std::to_string(lost) + R"(,"axes":[)";
  std::vector<float> values(readings.values.size() / width);
  for (size_t i = 0; i < width; ++i) {
    for (size_t row = 0; row < values.size(); ++row) values[row] = readings.values[row * width + i];
    text += (i == 0 ? R"({"name":)" : R"(,{"name":)") + http::JsonString(readings.axes[i].name) + R"(,"units":)" +
            http::JsonString(readings.axes[i].units) + R"(,"values":)";
    AppendNumbers(values, text);
    text += "}";
  }
  return text + "]}";
}

}  // namespace

LivePage::LivePage(std::shared_ptr<http::ByteStream> stream, std::optional<LiveImpulse> impulse)
    : stream_(std::move(stream)) {
  if (!impulse) return;
  judge_ = std::thread([this, impulse = *std::move(impulse)]() mutable {
    std::string fault;
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const LiveReadings readings = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_numbers_ -= readings.values.size();
      lock.unlock();
      const Outcome judged =
          impulse.Push(readings, [&](const LiveJudgement& judgement) { Tell(judgement, impulse.description()); });
      const std::string why = judged.ok() ? "" : judged.error().message;
      if (!why.empty() && why != fault) {
        stream_->Send(http::EventText("state", TextOf(json{{"state", "unjudged"}, {"error", why}})));
      }
      fault = why;
    }
  });
}

LivePage::~LivePage() {
  if (!judge_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  judge_.join();
}

void LivePage::Began() { stream_->Send(http::EventText("state", R"({"state":"streaming"})")); }

void LivePage::Stopped(const std::string& why) {
  stream_->Send(http::EventText("state", TextOf(json{{"state", "stopped"}, {"error", why}})));
}

void LivePage::Heard(const LiveReadings& readings, const std::vector<LiveVerdict>& verdicts) {
  if (!readings.values.empty()) {
    if (stream_->waiting_bytes() > kMostWaitingBytes) {
      missed_ += readings.lost + static_cast<int64_t>(readings.values.size() / readings.axes.size());
    } else {
      stream_->Send(http::EventText("readings", TextOf(readings, readings.lost + std::exchange(missed_, 0))));
    }
    if (judge_.joinable()) {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(readings);
      waiting_numbers_ += readings.values.size();
      while (waiting_numbers_ > kMostWaitingNumbers) {
        waiting_numbers_ -= waiting_.front().values.size();
        waiting_.pop_front();
      }
      changed_.notify_all();
    }
  }
  for (const LiveVerdict& verdict : verdicts) {
    json scores = json::array(), labels = json::array();
    for (const auto& [label, score] : verdict.scores) {
      labels.push_back(label);
      scores.push_back(score);
    }
    stream_->Send(http::EventText("verdict", TextOf(json{{"reading", verdict.reading},
                                                         {"label", verdict.label},
                                                         {"score", verdict.score},
                                                         {"labels", std::move(labels)},
                                                         {"scores", std::move(scores)},
                                                         {"dsp_cycles", verdict.dsp_cycles},
                                                         {"network_cycles", verdict.network_cycles}})));
  }
}

void LivePage::Tell(const LiveJudgement& judgement, const compiler::ImpulseDescription& impulse) {
  json scores = json::array();
  for (const float score : judgement.scores) scores.push_back(NumberOrNull(static_cast<double>(score)));
  json told = {{"reading", judgement.reading},
               {"time_ms", judgement.time_ms},
               {"labels", impulse.labels},
               {"scores", std::move(scores)}};
  if (judgement.label >= 0) {
    const auto label = static_cast<size_t>(judgement.label);
    told["label"] = impulse.labels[label];
    told["score"] = NumberOrNull(static_cast<double>(judgement.scores[label]));
  }
  if (judgement.anomaly) {
    told["anomaly"] = {{"score", NumberOrNull(static_cast<double>(judgement.anomaly->score))},
                       {"strange", judgement.anomaly->strange}};
  }
  stream_->Send(http::EventText("scores", TextOf(told)));
}

}  // namespace thimble::studio
