#include "studio/tune_journal.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json OrNull(double value) { return std::isfinite(value) ? Json(value) : Json(); }

double NumberIn(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::numeric_limits<double>::quiet_NaN();
  return found->get<double>();
}

int64_t WholeIn(const Json& object, const char* key, int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

std::string LineOf(const RungResult& result, const SearchSpace& space) {
  Json choices = Json::object();
  for (const auto& [name, choice] : space.WordsOf(result.point)) choices[name] = choice;
  const Footprint& takes = result.footprint;
  Json line = {{"trial", result.number},
               {"rung", result.rung},
               {"choices", choices},
               {"accuracy", OrNull(result.accuracy)},
               {"strained_accuracy", OrNull(result.strained_accuracy)},
               {"loss", OrNull(result.loss)},
               {"loss_error", OrNull(result.loss_error)},
               {"parameters", takes.parameters},
               {"ram_bytes", takes.ram_bytes},
               {"flash_bytes", takes.flash_bytes}};
  if (takes.code_bytes) line["code_bytes"] = *takes.code_bytes;
  if (takes.latency_ms) line["latency_ms"] = *takes.latency_ms;
  line["seconds"] = result.seconds;
  if (!result.dropped.empty()) line["dropped"] = result.dropped;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Nothing for what LineOf never wrote.
std::optional<RungResult> Parse(const std::string& text, const SearchSpace& space) {
  const Json line = Json::parse(text, nullptr, false);
  if (!line.is_object()) return {};
  const auto choices = line.find("choices");
  if (choices == line.end() || !choices->is_object()) return {};
  std::vector<std::pair<std::string, std::string>> words;
  for (const auto& [name, choice] : choices->items()) {
    if (!choice.is_string()) return {};
    words.emplace_back(name, choice.get<std::string>());
  }
  const std::optional<Point> point = space.PointOf(words);
  RungResult result;
  const int64_t number = WholeIn(line, "trial", 0);
  const int64_t rung = WholeIn(line, "rung", -1);
  if (!point || number < 1 || number > std::numeric_limits<int>::max() || rung < 0 || rung >= kRungs) return {};
  result.number = static_cast<int>(number);
  result.rung = static_cast<int>(rung);
  result.point = *point;
  result.accuracy = NumberIn(line, "accuracy");
  result.strained_accuracy = NumberIn(line, "strained_accuracy");
  result.loss = NumberIn(line, "loss");
  result.loss_error = NumberIn(line, "loss_error");
  result.footprint.parameters = WholeIn(line, "parameters", 0);
  result.footprint.ram_bytes = WholeIn(line, "ram_bytes", 0);
  result.footprint.flash_bytes = WholeIn(line, "flash_bytes", 0);
  if (line.contains("code_bytes")) result.footprint.code_bytes = WholeIn(line, "code_bytes", 0);
  if (line.contains("latency_ms")) result.footprint.latency_ms = NumberIn(line, "latency_ms");
  result.seconds = NumberIn(line, "seconds");
  if (const auto dropped = line.find("dropped"); dropped != line.end() && dropped->is_string()) {
    result.dropped = dropped->get<std::string>();
  }
  if (result.dropped.empty() && !std::isfinite(result.loss)) return {};
  return result;
}

}  // namespace

Expected<TuneJournal> TuneJournal::Open(const std::string& file, const std::string& head, const SearchSpace& space) {
  TuneJournal journal;
  journal.name_ = file;
  if (file.empty()) return journal;
  std::string text;
  {
    std::ifstream stream(file, std::ios::binary);
    if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  text.resize(whole);
  size_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (++line_number == 1) {
      if (line != head) {
        return {Status::kInvalidArgument,
                file +
                    ": notes a search over other recordings, with other options, or of another version; take "
                    "another --out, or delete this file to begin anew"};
      }
      continue;
    }
    std::optional<RungResult> result = Parse(line, space);
    if (!result) {
      return {Status::kDataLoss, file + ": line " + std::to_string(line_number) +
                                     " is no finished trial; delete the line to do it again, or the file to begin "
                                     "anew"};
    }
    const std::pair key{result->number, result->rung};
    journal.known_.insert_or_assign(key, *std::move(result));
  }
  std::error_code error;
  fs::create_directories(fs::path(file).parent_path(), error);
  if (fs::exists(file, error)) fs::resize_file(file, whole, error);
  journal.file_.reset(std::fopen(file.c_str(), "ab"));
  if (journal.file_ == nullptr) {
    return {Status::kFailed, file + ": cannot be written; take another --out"};
  }
  if (line_number == 0) {
    if (std::fprintf(journal.file_.get(), "%s\n", head.c_str()) < 0 || std::fflush(journal.file_.get()) != 0) {
      return {Status::kFailed, file + ": cannot be written; is the disk full?"};
    }
  }
  return journal;
}

const RungResult* TuneJournal::Find(int number, int rung) const {
  const auto found = known_.find({number, rung});
  return found == known_.end() ? nullptr : &found->second;
}

Outcome TuneJournal::Note(const RungResult& result, const SearchSpace& space) {
  if (file_ == nullptr) return Nothing{};
  if (std::fprintf(file_.get(), "%s\n", LineOf(result, space).c_str()) < 0 || std::fflush(file_.get()) != 0) {
    return {Status::kFailed, name_ + ": cannot be written; is the disk full?"};
  }
  return Nothing{};
}

}  // namespace thimble::studio
