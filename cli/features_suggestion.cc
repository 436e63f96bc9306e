#include "cli/features_suggestion.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "cli/spectrum.h"
#include "compiler/impulse_file.h"
#include "dataset/kind.h"
#include "dsp/fft.h"
#include "trainer/features.h"
#include "trainer/table.h"

namespace thimble::cli {
namespace {

using compiler::BlockParams;

// More windows than these change the answer little, and time much.
constexpr size_t kMeasuredWindows = 48;
constexpr size_t kTriedWindows = 120;
constexpr int kFolds = 5;
constexpr double kFullScale = 32768;

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Hertz(double value) { return Format(value < 10 ? "%.2g Hz" : value < 1000 ? "%.4g Hz" : "%.0f Hz", value); }

std::string Percent(double share) { return Format("%.1f %%", 100 * share); }

/// At most `most` windows of each label, evenly spread over all it has, in their order.
dataset::WindowIndex Thin(const dataset::Dataset& dataset, const dataset::WindowIndex& index, size_t most) {
  std::map<std::string_view, std::vector<dataset::WindowPlace>> by_label;
  for (const dataset::WindowPlace& place : index.windows) {
    by_label[dataset.recordings[place.recording].label].push_back(place);
  }
  dataset::WindowIndex thin = index;
  thin.windows.clear();
  for (const auto& [label, places] : by_label) {
    const size_t count = std::min(most, places.size());
    for (size_t i = 0; i < count; ++i) thin.windows.push_back(places[i * places.size() / count]);
  }
  return thin;
}

/// The power of one window at each bin, axes summed.
std::vector<double> PowerOf(std::span<const float> samples, const dsp::Window& window, int length) {
  std::vector<double> sum(dsp::FftBins(length), 0);
  for (size_t axis = 0; axis < static_cast<size_t>(window.axes); ++axis) {
    const std::vector<double> power = PowerSpectrumOf(samples, window, axis, length);
    for (size_t k = 0; k < sum.size(); ++k) sum[k] += power[k];
  }
  return sum;
}

size_t LargestBin(const std::vector<double>& power) {
  // Bin 0 is what is left of the mean.
  return static_cast<size_t>(std::max_element(power.begin() + 1, power.end()) - power.begin());
}

/// The frequency below which `share` of the power lies.
double EdgeHz(const std::vector<double>& power, double share, double bin_hz) {
  double total = 0;
  for (size_t k = 1; k < power.size(); ++k) total += power[k];
  double sum = 0;
  for (size_t k = 1; k < power.size(); ++k) {
    sum += power[k];
    if (sum >= share * total) return static_cast<double>(k) * bin_hz;
  }
  return static_cast<double>(power.size() - 1) * bin_hz;
}

/// Levels of 20-ms pieces at a tenth and at nine tenths of their order.
void MeasureLevels(const dataset::Dataset& dataset, const dataset::WindowIndex& index, const dsp::Window& window,
                   BandFacts& facts) {
  constexpr double kPieceSeconds = 0.02;
  const auto piece = std::max<size_t>(1, static_cast<size_t>(kPieceSeconds * static_cast<double>(window.rate_hz)));
  std::vector<double> levels;
  for (const dataset::WindowPlace& place : index.windows) {
    const std::span<const float> samples = index.Samples(dataset, place);
    for (size_t start = 0; start + piece <= samples.size(); start += piece) {
      double sum = 0;
      for (const float sample : samples.subspan(start, piece)) {
        sum += static_cast<double>(sample) * static_cast<double>(sample);
      }
      // Half a step of 16 bits is the least that means anything.
      levels.push_back(10 * std::log10(std::max(sum / static_cast<double>(piece), 0.25) / (kFullScale * kFullScale)));
    }
  }
  if (levels.empty()) return;
  std::sort(levels.begin(), levels.end());
  facts.quiet_dbfs = levels[levels.size() / 10];
  facts.loud_dbfs = levels[levels.size() * 9 / 10];
}

// --- candidates ------------------------------------------------------------------------------------------------------

/// A block and the JSON of what differs from its defaults.
struct Candidate {
  std::string block;
  std::string changes;
};

int PowerOfTwoFrom(double samples) {
  int length = dsp::kShortestFft;
  while (length < samples && length < dsp::kLongestFft) length *= 2;
  return length;
}

void AddSpectral(const BandFacts& facts, const dsp::Window& window, std::vector<Candidate>& candidates) {
  for (const int ratio : {1, 3, 10}) {
    const double rate_hz = static_cast<double>(window.rate_hz) / ratio;
    // Decimation must leave room above what carries the power.
    if (ratio > 1 && rate_hz < 2.5 * facts.high_hz) continue;
    for (const int length : {16, 32, 64, 128, 256}) {
      if (length > 16 && length * ratio > window.readings) continue;
      std::string base = "\"fft-length\":" + std::to_string(length);
      if (ratio > 1) base += ",\"input-decimation-ratio\":\"" + std::to_string(ratio) + "\"";
      candidates.push_back({"spectral_analysis", "{" + base + "}"});
      const double cutoff_hz = 1.25 * facts.high_hz;
      if (cutoff_hz < 0.4 * rate_hz) {
        candidates.push_back({"spectral_analysis", "{" + base + ",\"filter-type\":\"low\",\"filter-cutoff\":" +
                                                       Format("%.3g", cutoff_hz) + "}"});
      }
    }
  }
  for (const int level : {1, 2, 3}) {
    candidates.push_back(
        {"spectral_analysis", "{\"analysis-type\":\"Wavelet\",\"wavelet-level\":" + std::to_string(level) + "}"});
  }
}

void AddSound(const BandFacts& facts, const dsp::Window& window, std::vector<Candidate>& candidates) {
  const double rate_hz = static_cast<double>(window.rate_hz);
  // Whole tens of hertz; the upper edge may not pass half the rate.
  const int low_hz = static_cast<int>(std::floor(facts.low_hz / 10)) * 10;
  const int high_hz =
      std::min(static_cast<int>(std::ceil(facts.high_hz * 1.1 / 100)) * 100, static_cast<int>(rate_hz / 2));
  for (const auto& [frame, stride] : {std::pair{0.02, 0.01}, {0.02, 0.02}, {0.032, 0.016}, {0.04, 0.02}}) {
    const std::string frames = "\"frame_length\":" + Format("%g", frame) + ",\"frame_stride\":" + Format("%g", stride) +
                               ",\"fft_length\":" + std::to_string(PowerOfTwoFrom(frame * rate_hz - 0.5));
    for (const int filters : {20, 32, 40}) {
      const std::string base = frames + ",\"num_filters\":" + std::to_string(filters);
      candidates.push_back({"mfcc", "{" + base + "}"});
      candidates.push_back({"mfe", "{" + base + "}"});
    }
    const std::string band = frames + ",\"num_filters\":32,\"low_frequency\":" + std::to_string(low_hz) +
                             ",\"high_frequency\":" + std::to_string(high_hz);
    candidates.push_back({"mfcc", "{" + band + "}"});
    candidates.push_back({"mfe", "{" + band + "}"});
    // A filter's share of the noise is a few tens of decibels below the level of all of it.
    const int floor_db = std::clamp(static_cast<int>(facts.quiet_dbfs) - 10, -120, -20);
    candidates.push_back(
        {"mfe", "{" + frames + ",\"num_filters\":32,\"noise_floor_db\":" + std::to_string(floor_db) + "}"});
    candidates.push_back({"spectrogram", "{" + frames + "}"});
  }
}

std::vector<Candidate> CandidatesFor(const dataset::Dataset& dataset, const BandFacts& facts, const dsp::Window& window,
                                     const std::string& block) {
  std::vector<Candidate> candidates;
  if (window.width > 0) {
    candidates = {{"image", R"({"channels":"Grayscale"})"}, {"image", R"({"channels":"RGB"})"}};
  } else {
    const bool is_sound = dataset::KindOf(dataset) == dataset::DataKind::kSound;
    if (is_sound || block == "mfe" || block == "mfcc" || block == "spectrogram") {
      AddSound(facts, window, candidates);
    }
    if (!is_sound || block == "spectral_analysis") AddSpectral(facts, window, candidates);
    candidates.push_back({"flatten", "{}"});
    if (block == "raw") candidates.push_back({"raw", "{}"});
  }
  if (!block.empty()) {
    std::erase_if(candidates, [&](const Candidate& one) { return one.block != block; });
    if (candidates.empty()) candidates.push_back({block, "{}"});
  }
  return candidates;
}

// --- how well labels are told apart
// ------------------------------------------------------------------------------------

/// Which rows the centroids learn from, for each part of the judgement; the others are judged.
using Parts = std::vector<std::vector<bool>>;

/// Whole recordings in turn; where a label has a single one, its first 60 % teach and the rest, without what overlaps,
/// is judged. `by_time` says which it was.
Parts PartsOf(const trainer::Table& table, const dataset::WindowIndex& index, const dataset::Dataset& dataset,
              bool& by_time) {
  std::map<int, std::vector<int>> groups;
  for (int row = 0; row < table.rows(); ++row) {
    std::vector<int>& own = groups[table.labels[static_cast<size_t>(row)]];
    if (std::find(own.begin(), own.end(), table.group(row)) == own.end()) own.push_back(table.group(row));
  }
  by_time = std::any_of(groups.begin(), groups.end(), [](const auto& one) { return one.second.size() < 2; });
  const auto rows = static_cast<size_t>(table.rows());
  Parts parts;
  if (!by_time) {
    for (int fold = 0; fold < kFolds; ++fold) {
      std::vector<bool> teaches(rows, false);
      for (const int row : trainer::FoldByGroup(table, kFolds, fold, 1).training)
        teaches[static_cast<size_t>(row)] = true;
      parts.push_back(std::move(teaches));
    }
    return parts;
  }
  constexpr double kTeachingShare = 0.6;
  std::vector<bool> teaches(rows, false);
  for (size_t row = 0; row < rows; ++row) {
    const dataset::WindowPlace& place = index.windows[row];
    const double length = static_cast<double>(dataset.recordings[place.recording].readings());
    teaches[row] = static_cast<double>(place.first_reading + index.readings) <= kTeachingShare * length;
  }
  return {teaches};
}

/// The share of judged rows whose nearest centroid is their label's, each label counting the same; nothing when no row
/// can be judged. Features are standardised by what teaches.
std::optional<double> Accuracy(const trainer::Table& table, const Parts& parts) {
  const auto width = static_cast<size_t>(table.feature_count);
  std::map<int, std::pair<size_t, size_t>> right_of_label;  // right, judged
  for (const std::vector<bool>& teaches : parts) {
    std::map<int, std::pair<std::vector<double>, size_t>> sums;
    std::vector<double> mean(width, 0), square(width, 0);
    size_t count = 0;
    for (int row = 0; row < table.rows(); ++row) {
      if (!teaches[static_cast<size_t>(row)]) continue;
      auto& [sum, rows] = sums[table.labels[static_cast<size_t>(row)]];
      sum.resize(width, 0);
      ++rows;
      ++count;
      const std::span<const float> values = table.row(row);
      for (size_t i = 0; i < width; ++i) {
        const auto value = static_cast<double>(values[i]);
        sum[i] += value;
        mean[i] += value;
        square[i] += value * value;
      }
    }
    if (sums.size() < 2) continue;
    std::vector<double> weight(width);
    for (size_t i = 0; i < width; ++i) {
      mean[i] /= static_cast<double>(count);
      const double variance = square[i] / static_cast<double>(count) - mean[i] * mean[i];
      weight[i] = variance > 1e-12 * (1 + mean[i] * mean[i]) ? 1 / variance : 0;
    }
    for (auto& [label, sum] : sums) {
      for (double& value : sum.first) value /= static_cast<double>(sum.second);
    }
    for (int row = 0; row < table.rows(); ++row) {
      const auto at = static_cast<size_t>(row);
      // A row in the middle teaches nobody in the split by time when it lies across the cut; judging it is fair, as the
      // centroids have seen at most a part of it. Whole recordings never lie across.
      if (teaches[at]) continue;
      const std::span<const float> values = table.row(row);
      double nearest = std::numeric_limits<double>::max();
      int answer = -1;
      for (const auto& [label, sum] : sums) {
        double distance = 0;
        for (size_t i = 0; i < width; ++i) {
          const double difference = static_cast<double>(values[i]) - sum.first[i];
          distance += weight[i] * difference * difference;
        }
        if (distance < nearest) nearest = distance, answer = label;
      }
      auto& [right, judged] = right_of_label[table.labels[at]];
      right += answer == table.labels[at] ? 1 : 0;
      ++judged;
    }
  }
  if (right_of_label.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& [label, counts] : right_of_label) {
    sum += static_cast<double>(counts.first) / static_cast<double>(counts.second);
  }
  return sum / static_cast<double>(right_of_label.size());
}

std::vector<std::pair<std::string, std::string>> Changed(const BlockParams& params) {
  const auto now = compiler::ParametersOf(params);
  const auto defaults = compiler::ParametersOf(compiler::DefaultParams(compiler::BlockOf(params).name));
  std::vector<std::pair<std::string, std::string>> changed;
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].value != defaults[i].value) changed.emplace_back(now[i].field.name, now[i].value);
  }
  return changed;
}

// --- words -----------------------------------------------------------------------------------------------------------

std::string ValueOf(const BlockParams& params, std::string_view name) {
  for (const compiler::BlockParameter& parameter : compiler::ParametersOf(params)) {
    if (name == parameter.field.name) return parameter.value;
  }
  return "";
}

void ExplainSpectral(const BandFacts& facts, const dsp::Window& window, const BlockParams& params,
                     std::vector<std::string>& reasons) {
  if (ValueOf(params, "analysis-type") == "Wavelet") {
    reasons.push_back("The wavelet " + ValueOf(params, "wavelet") + " at level " + ValueOf(params, "wavelet-level") +
                      " tells more than any FFT that was tried: the events are short against the window.");
    return;
  }
  const double ratio = std::stod(ValueOf(params, "input-decimation-ratio"));
  const double rate_hz = static_cast<double>(window.rate_hz) / ratio;
  if (ratio > 1) {
    reasons.push_back("Decimation by " + ValueOf(params, "input-decimation-ratio") + ": 95 % of the power lies below " +
                      Hertz(facts.high_hz) + ", so " + Hertz(rate_hz) + " are enough.");
  } else {
    reasons.push_back("No decimation: 95 % of the power lies below " + Hertz(facts.high_hz) +
                      " and the sampling rate is " + Hertz(rate_hz) + ".");
  }
  const double length = std::stod(ValueOf(params, "fft-length"));
  std::string sentence =
      "FFT length " + ValueOf(params, "fft-length") + ": bins are " + Hertz(rate_hz / length) + " wide";
  const double cutoff_hz =
      ValueOf(params, "filter-type") == "low" ? std::stod(ValueOf(params, "filter-cutoff")) : rate_hz / 2;
  if (facts.separating_hz > 0 && facts.separating_hz <= cutoff_hz) {
    sentence += ", and labels differ most at " + Hertz(facts.separating_hz);
  }
  reasons.push_back(sentence + ".");
  if (ValueOf(params, "filter-type") == "low") {
    reasons.push_back("A low-pass at " + ValueOf(params, "filter-cutoff") +
                      " Hz, a quarter above that bandwidth, drops bins that hold noise.");
  } else {
    reasons.push_back("No filter: without one, labels were told apart as well or better.");
  }
}

void ExplainSound(const BandFacts& facts, const dsp::Window& window, const BlockParams& params,
                  std::vector<std::string>& reasons) {
  const double frame = std::stod(ValueOf(params, "frame_length"));
  reasons.push_back("Frames of " + ValueOf(params, "frame_length") + " s every " + ValueOf(params, "frame_stride") +
                    " s: at " + Hertz(static_cast<double>(window.rate_hz)) + " a frame has " +
                    Format("%.0f", frame * static_cast<double>(window.rate_hz)) + " samples, so the FFT has " +
                    ValueOf(params, "fft_length") + ".");
  const std::string low = ValueOf(params, "low_frequency");
  const std::string high = ValueOf(params, "high_frequency");
  if (!high.empty()) {
    const std::string measured =
        "1 % of the power lies below " + Hertz(facts.low_hz) + " and 95 % below " + Hertz(facts.high_hz);
    reasons.push_back(high == "0" ? "The whole band to " + Hertz(static_cast<double>(window.rate_hz) / 2) + ": " +
                                        measured + ", yet what lies above still tells labels apart."
                                  : "The band from " + low + " to " + high + " Hz: " + measured + ".");
  }
  if (const std::string floor_db = ValueOf(params, "noise_floor_db"); !floor_db.empty()) {
    reasons.push_back("Noise floor " + floor_db + " dB: the quietest tenth of the sound lies at " +
                      Format("%.0f", facts.quiet_dbfs) + " dB of full scale, the loudest at " +
                      Format("%.0f", facts.loud_dbfs) + " dB.");
  }
}

}  // namespace

BandFacts MeasureBand(const dataset::Dataset& dataset, const dataset::WindowIndex& index, const dsp::Window& window) {
  const dataset::WindowIndex thin = Thin(dataset, index, kMeasuredWindows);
  const int length = SpectrumLength(window.readings, dsp::kLongestFft);

  // log10 of the power by label, window and bin; and the plain sum of each label.
  std::map<std::string, std::vector<std::vector<double>>> logs;
  std::map<std::string, std::vector<double>> sums;
  std::vector<double> all(dsp::FftBins(length), 0);
  for (const dataset::WindowPlace& place : thin.windows) {
    const std::string& label = dataset.recordings[place.recording].label;
    std::vector<double> power = PowerOf(thin.Samples(dataset, place), window, length);
    std::vector<double>& sum = sums[label];
    sum.resize(power.size(), 0);
    for (size_t k = 0; k < power.size(); ++k) {
      sum[k] += power[k];
      all[k] += power[k];
      power[k] = std::log10(power[k] + 1e-12);
    }
    logs[label].push_back(std::move(power));
  }

  BandFacts facts;
  facts.bin_hz = static_cast<double>(window.rate_hz) / length;
  facts.dominant_hz = static_cast<double>(LargestBin(all)) * facts.bin_hz;
  facts.low_hz = EdgeHz(all, 0.01, facts.bin_hz);
  facts.high_hz = EdgeHz(all, 0.95, facts.bin_hz);
  for (const auto& [label, sum] : sums) {
    facts.dominant_of_label.emplace_back(label, static_cast<double>(LargestBin(sum)) * facts.bin_hz);
  }
  // Fisher's ratio of each bin: how far the labels' means are apart against how far windows of one label are.
  double best = 0;
  for (size_t k = 1; logs.size() > 1 && k < all.size(); ++k) {
    double mean_sum = 0, mean_square = 0, within = 0;
    for (const auto& [label, windows] : logs) {
      double sum = 0, square = 0;
      for (const std::vector<double>& power : windows) {
        sum += power[k];
        square += power[k] * power[k];
      }
      const double mean = sum / static_cast<double>(windows.size());
      within += square / static_cast<double>(windows.size()) - mean * mean;
      mean_sum += mean;
      mean_square += mean * mean;
    }
    const auto labels = static_cast<double>(logs.size());
    const double between = mean_square / labels - (mean_sum / labels) * (mean_sum / labels);
    const double ratio = between / (within / labels + 1e-9);
    if (ratio > best) {
      best = ratio;
      facts.separating_hz = static_cast<double>(k) * facts.bin_hz;
    }
  }
  if (dataset::KindOf(dataset) == dataset::DataKind::kSound) MeasureLevels(dataset, thin, window, facts);
  return facts;
}

Expected<Suggestion> SuggestFeatures(const dataset::Dataset& dataset, const dataset::WindowIndex& index,
                                     const dsp::Window& window, const std::string& block,
                                     const TrialCallback& progress) {
  // Windows without a label say nothing about telling labels apart.
  dataset::WindowIndex labelled = index;
  std::erase_if(labelled.windows, [&](const auto& place) { return dataset.recordings[place.recording].label.empty(); });
  const std::vector<std::string> labels = dataset.Labels();
  const bool comparable = labels.size() >= 2 && !labelled.windows.empty();
  const dataset::WindowIndex tried = Thin(dataset, comparable ? labelled : index, kTriedWindows);
  const bool is_picture = window.width > 0;
  const BandFacts facts = is_picture ? BandFacts() : MeasureBand(dataset, comparable ? labelled : index, window);

  struct Rated {
    Suggestion::Trial trial;
    BlockParams params;
  };
  std::vector<Rated> rated;
  std::string refusal;
  bool by_time = false;
  size_t recordings = 0;
  const std::vector<Candidate> candidates = CandidatesFor(dataset, facts, window, block);
  for (size_t i = 0; i < candidates.size(); ++i) {
    Rated one;
    one.params = compiler::DefaultParams(candidates[i].block);
    if (std::holds_alternative<std::monostate>(one.params)) continue;
    THIMBLE_EXPECT(compiler::ReadParameters(candidates[i].block, candidates[i].changes, one.params));
    const dsp::Block& own = compiler::BlockOf(one.params);
    const void* params = compiler::PointerTo(one.params);
    std::string summary;
    for (const auto& [name, value] : Changed(one.params)) {
      summary.append(summary.empty() ? "" : ", ").append(name).append(" ").append(value);
    }
    if (progress && !progress(static_cast<double>(i) / static_cast<double>(candidates.size()),
                              own.name + std::string(" ") + summary)) {
      return {Status::kCancelled, "stopped; nothing was suggested"};
    }
    if (const char* reason = compiler::WordsOf(one.params).explain(params, window)) {
      refusal = std::string(own.name) + ": " + reason;
      continue;
    }
    one.trial = {own.name, compiler::WriteParameters(one.params), summary, own.feature_count(params, window), -1};
    const auto same = std::find_if(rated.begin(), rated.end(), [&](const Rated& other) {
      return other.trial.block == one.trial.block && other.trial.parameters == one.trial.parameters;
    });
    if (same != rated.end()) continue;
    if (comparable) {
      const auto keep_going = [&](double) {
        return !progress || progress(static_cast<double>(i) / static_cast<double>(candidates.size()), summary);
      };
      THIMBLE_ASSIGN(const trainer::Table table,
                     trainer::ExtractFeatures(dataset, tried, labels, own, params, window, keep_going));
      const Parts parts = PartsOf(table, tried, dataset, by_time);
      one.trial.accuracy = Accuracy(table, parts).value_or(-1);
      std::vector<int> groups = table.groups;
      std::sort(groups.begin(), groups.end());
      recordings = static_cast<size_t>(std::unique(groups.begin(), groups.end()) - groups.begin());
    }
    rated.push_back(std::move(one));
  }
  if (rated.empty()) {
    return {Status::kInvalidArgument, refusal.empty() ? block + ": there is nothing to try" : refusal};
  }
  std::stable_sort(rated.begin(), rated.end(),
                   [](const Rated& a, const Rated& b) { return a.trial.accuracy > b.trial.accuracy; });

  // Differences within a standard error are luck: the cheapest of those wins. Windows of one recording are hardly
  // independent, so recordings are what is counted.
  const double best = rated.front().trial.accuracy;
  const double counted = static_cast<double>(by_time ? tried.windows.size() : recordings);
  const double luck = best < 0 ? 0 : std::sqrt(std::max(best * (1 - best), 0.01) / std::max(counted, 1.0));
  const Rated* chosen = &rated.front();
  for (const Rated& one : rated) {
    if (one.trial.accuracy >= best - luck && one.trial.features < chosen->trial.features) chosen = &one;
  }

  Suggestion suggestion;
  suggestion.block = chosen->trial.block;
  suggestion.parameters = chosen->trial.parameters;
  suggestion.changed = Changed(chosen->params);
  std::vector<std::string>& reasons = suggestion.reasons;
  if (!is_picture) {
    std::string sentence = "The strongest frequency is " + Hertz(facts.dominant_hz);
    if (facts.dominant_of_label.size() > 1 && facts.dominant_of_label.size() <= 8) {
      sentence += " (";
      for (size_t i = 0; i < facts.dominant_of_label.size(); ++i) {
        const auto& [label, hz] = facts.dominant_of_label[i];
        sentence += (i == 0 ? "" : ", ") + label + " " + Hertz(hz);
      }
      sentence += ")";
    }
    reasons.push_back(sentence + ", measured in steps of " + Hertz(facts.bin_hz) + ".");
  }
  if (suggestion.block == "spectral_analysis") ExplainSpectral(facts, window, chosen->params, reasons);
  if (suggestion.block == "mfe" || suggestion.block == "mfcc" || suggestion.block == "spectrogram") {
    ExplainSound(facts, window, chosen->params, reasons);
  }
  if (suggestion.block == "image") {
    reasons.push_back(
        ValueOf(chosen->params, "channels") == "RGB"
            ? "Colours tell the labels apart better than brightness alone."
            : "Brightness alone tells the labels apart about as well as colours, at a third of the numbers.");
  }
  if (suggestion.block == "flatten") {
    reasons.push_back(
        "Statistics of the samples tell the labels apart about as well as any spectrum, with the fewest numbers.");
  }
  if (!comparable) {
    reasons.push_back(
        labels.empty()
            ? "Nothing is labelled, so parameters could not be compared: these follow from the spectrum alone."
            : "There is one label only, so parameters could not be compared: these follow from the spectrum alone.");
  } else if (chosen->trial.accuracy >= 0) {
    std::string sentence = Percent(chosen->trial.accuracy) +
                           " of the windows are nearest to their own label's mean (by luck: " +
                           Percent(1.0 / static_cast<double>(labels.size())) + "), ";
    sentence += by_time ? "judged on the last 40 % of each recording, because a label has only one: record more for an "
                          "honest figure"
                        : "judged on recordings left out of the means";
    if (chosen != &rated.front()) {
      sentence += "; the best of all, " + Percent(best) + " with " + std::to_string(rated.front().trial.features) +
                  " features, is within " + Percent(luck) + ", and this needs " +
                  std::to_string(chosen->trial.features);
    }
    reasons.push_back(sentence + ". A network does better than means.");
  }
  for (Rated& one : rated) suggestion.tried.push_back(std::move(one.trial));
  return suggestion;
}

}  // namespace thimble::cli
