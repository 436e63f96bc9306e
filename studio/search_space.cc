#include "studio/search_space.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>

namespace thimble::studio {
namespace {

using trainer::Architecture;

constexpr const char* kSignal = "signal";
constexpr const char* kNetwork = "network";
constexpr const char* kDropout = "dropout";
constexpr const char* kLearningRate = "learning rate";
constexpr const char* kAugmentation = "augmentation";
constexpr const char* kInt8 = "int8";
constexpr const char* kInTraining = "in training";

struct ParameterRow {
  const char* block;
  const char* parameter;
  const char* choices;  ///< with spaces between them
};

// What is worth trying of each block, where its parameters make a difference to networks. Scales of features do not:
// they are measured. A transform's length follows the frame's.
constexpr ParameterRow kParameters[] = {
    {"spectral_analysis", "analysis-type", "FFT Wavelet"},
    {"spectral_analysis", "fft-length", "16 32 64 128"},
    {"spectral_analysis", "do-log", "true false"},
    {"spectral_analysis", "wavelet-level", "1 2 3 4"},
    {"spectral_analysis", "input-decimation-ratio", "1 3 10"},
    {"waveform", "centre", "true false"},
    {"mfcc", "num_cepstral", "8 10 13 16 20"},
    {"mfcc", "frame_length", "0.02 0.025 0.032 0.04 0.05"},
    {"mfcc", "frame_stride", "0.01 0.016 0.02 0.025 0.032 0.04"},
    {"mfcc", "num_filters", "20 26 32 40"},
    {"mfcc", "win_size", "0 51 101"},
    {"mfe", "frame_length", "0.02 0.025 0.032 0.04 0.05"},
    {"mfe", "frame_stride", "0.01 0.016 0.02 0.025 0.032 0.04"},
    {"mfe", "num_filters", "16 20 26 32 40"},
    {"mfe", "noise_floor_db", "-92 -72 -52"},
    {"spectrogram", "fft_length", "32 64 128 256"},
    {"spectrogram", "noise_floor_db", "-112 -92 -72 -52"},
    {"image", "channels", "Grayscale RGB"},
};

constexpr const char* kMotionBlocks[] = {"spectral_analysis", "waveform", "flatten", "spectrogram"};
constexpr const char* kSoundBlocks[] = {"mfcc", "mfe", "spectrogram"};
constexpr const char* kPictureBlocks[] = {"image"};

struct NetworkRow {
  Architecture architecture;
  bool flat, motion_frames, sound_frames, pictures;
  const char* widths;
  const char* depths;
};

constexpr NetworkRow kNetworks[] = {
    {Architecture::kDense, true, true, false, false, "8 12 16 20 24 32 48", "1 2 3"},
    {Architecture::kConv1d, false, true, true, false, "6 8 10 12 16 20 24 32", "2 3 4"},
    {Architecture::kTcn, false, true, true, false, "8 12 16 24 32 48", "2 3 4 5"},
    {Architecture::kConv2d, false, false, true, true, "4 6 8 12 16", "2 3 4"},
    {Architecture::kDsCnnS, false, false, true, false, "16 24 32 48 64", "2 3 4"},
    {Architecture::kMobilenetV1, false, false, false, true, "10 15 20 25 35", "5 7 9 11 13"},
    {Architecture::kMobilenetV2, false, false, false, true, "10 15 20 25 35", "7 10 13 17"},
};

std::vector<std::string> Split(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Kinds of layout that a network row may stand on.
bool Goes(const NetworkRow& row, const dsp::Layout& layout, DataKind kind) {
  switch (layout.kind) {
    case dsp::Layout::Kind::kFlat:
      return row.flat;
    case dsp::Layout::Kind::kSpectrogram:
      return kind == DataKind::kSound ? row.sound_frames : row.motion_frames;
    case dsp::Layout::Kind::kImage:
      return row.pictures;
  }
  return false;
}

/// A power of two that holds a frame.
int TransformFor(float frame_s, float rate_hz) {
  const auto samples = static_cast<unsigned>(std::ceil(frame_s * rate_hz));
  return static_cast<int>(std::clamp(std::bit_ceil(samples), 16u, 4096u));
}

/// Frame sizes that go together with the data.
void Complete(const Data& data, compiler::BlockParams& block) {
  const float rate_hz = data.shape.rate_hz;
  if (auto* mfcc = std::get_if<dsp::Mfcc::Params>(&block)) {
    mfcc->fft_length = TransformFor(mfcc->frame_length, rate_hz);
    mfcc->frame_stride = std::min(mfcc->frame_stride, mfcc->frame_length);
  } else if (auto* mfe = std::get_if<dsp::Mfe::Params>(&block)) {
    mfe->fft_length = TransformFor(mfe->frame_length, rate_hz);
    mfe->frame_stride = std::min(mfe->frame_stride, mfe->frame_length);
  } else if (auto* spectrogram = std::get_if<dsp::Spectrogram::Params>(&block)) {
    spectrogram->frame_length = static_cast<float>(spectrogram->fft_length) / rate_hz;
    spectrogram->frame_stride = spectrogram->frame_length;
  }
}

bool Accepts(const Data& data, const compiler::BlockParams& block) {
  return ok(compiler::BlockOf(block).check(compiler::PointerTo(block), data.shape));
}

dsp::Layout LayoutOf(const Data& data, const compiler::BlockParams& block) {
  return compiler::WordsOf(block).layout_of(compiler::PointerTo(block), data.shape);
}

/// The text that this block's parameter has, or empty.
std::string ValueOf(const compiler::BlockParams& block, const std::string& parameter) {
  for (const compiler::BlockParameter& one : compiler::ParametersOf(block)) {
    if (one.field.name == parameter) return one.value;
  }
  return {};
}

/// As JSON wants it.
std::string Quoted(const compiler::BlockParams& block, const std::string& parameter, const std::string& value) {
  for (const compiler::BlockParameter& one : compiler::ParametersOf(block)) {
    if (one.field.name != parameter) continue;
    if (one.kind == compiler::BlockParameter::Kind::kChoice) return '"' + value + '"';
  }
  return value;
}

/// Decimations that leave frames often enough for a hand and more, and not too many of them.
std::vector<std::string> WaveformRates(const Data& data) {
  constexpr double kRates[] = {10, 13, 18, 26, 37, 52, 104, 208, 416, 833, 1666, 3333};
  constexpr int kFewestFrames = 12;
  constexpr int kMostFrames = 600;
  std::vector<std::string> choices;
  int last = 0;
  for (const double rate : kRates) {
    const int decimation = std::max(1, static_cast<int>(std::lround(static_cast<double>(data.shape.rate_hz) / rate)));
    const int frames = data.shape.readings / decimation;
    if (decimation == last || frames < kFewestFrames || frames > kMostFrames) continue;
    choices.push_back(std::to_string(last = decimation));
  }
  return choices;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

size_t SearchSpace::Add(std::string name, std::vector<std::string> choices, std::vector<Dimension::Condition> any_of,
                        bool ordered) {
  dimensions_.push_back({std::move(name), std::move(choices), std::move(any_of), ordered});
  return dimensions_.size() - 1;
}

Expected<SearchSpace> SearchSpace::For(const Data& data, const std::string& block,
                                       std::optional<Architecture> architecture) {
  SearchSpace space;
  space.data_ = &data;
  space.usual_ =
      SuitableCandidates(data, block.empty() ? compiler::BlockParams() : compiler::DefaultParams(block), architecture);
  std::vector<std::string> blocks;
  if (!block.empty()) {
    blocks = {block};
  } else if (data.kind == DataKind::kMotion) {
    blocks.assign(std::begin(kMotionBlocks), std::end(kMotionBlocks));
  } else if (data.kind == DataKind::kSound) {
    blocks.assign(std::begin(kSoundBlocks), std::end(kSoundBlocks));
  } else {
    blocks.assign(std::begin(kPictureBlocks), std::end(kPictureBlocks));
  }
  // Every block that takes the data, in some setting, and has a network to go with.
  const auto network_goes = [&](const NetworkRow& row, const compiler::BlockParams& params) {
    return (!architecture || *architecture == row.architecture) && Goes(row, LayoutOf(data, params), data.kind);
  };
  std::vector<std::string> signals;
  std::vector<compiler::BlockParams> usual_params;
  for (const std::string& name : blocks) {
    compiler::BlockParams params = compiler::DefaultParams(name);
    if (std::holds_alternative<std::monostate>(params)) {
      return {Status::kNotFound, name + ": there is no such block; there are " + compiler::BlockNames()};
    }
    Complete(data, params);
    const bool is_raw_speed = name == "waveform" && WaveformRates(data).empty();
    if (is_raw_speed || !Accepts(data, params)) continue;
    const bool has_network = std::any_of(std::begin(kNetworks), std::end(kNetworks),
                                         [&](const NetworkRow& row) { return network_goes(row, params); });
    if (!has_network) continue;
    signals.push_back(name);
    usual_params.push_back(params);
  }
  if (signals.empty()) {
    return {Status::kInvalidArgument,
            "there is nothing to search: no signal processing goes with these recordings and this network; leave out "
            "--block or --model"};
  }
  const size_t signal = space.Add(kSignal, signals, {}, false);
  const auto only_for = [&](const std::string& name) {
    const auto place = std::find(signals.begin(), signals.end(), name) - signals.begin();
    return std::vector<Dimension::Condition>{{signal, {static_cast<int>(place)}}};
  };
  const auto has = [&](const std::string& name) {
    return std::find(signals.begin(), signals.end(), name) != signals.end();
  };
  if (has("waveform")) space.Add("waveform.decimation", WaveformRates(data), only_for("waveform"));
  for (const ParameterRow& row : kParameters) {
    if (has(row.block)) {
      space.Add(row.block + std::string(".") + row.parameter, Split(row.choices), only_for(row.block));
    }
  }

  // Blocks whose features lie alike share the choice of a network.
  std::vector<Dimension::Condition> has_frames;
  struct Group {
    std::vector<int> signals;
    std::vector<const NetworkRow*> networks;
  };
  std::vector<Group> groups;
  for (size_t i = 0; i < signals.size(); ++i) {
    Group group{{static_cast<int>(i)}, {}};
    for (const NetworkRow& row : kNetworks) {
      if (network_goes(row, usual_params[i])) group.networks.push_back(&row);
    }
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const Group& other) { return other.networks == group.networks; });
    if (same == groups.end()) {
      groups.push_back(group);
    } else {
      same->signals.push_back(static_cast<int>(i));
    }
    if (LayoutOf(data, usual_params[i]).kind != dsp::Layout::Kind::kFlat) {
      if (has_frames.empty()) has_frames.push_back({signal, {}});
      has_frames[0].choices.push_back(static_cast<int>(i));
    }
  }
  std::vector<std::vector<Dimension::Condition>> where(std::size(kNetworks));
  for (size_t i = 0; i < groups.size(); ++i) {
    std::vector<std::string> names;
    for (const NetworkRow* row : groups[i].networks) names.emplace_back(trainer::WordsOf(row->architecture).name);
    const size_t dimension = space.Add(kNetwork + std::string(groups.size() > 1 ? " " + std::to_string(i + 1) : ""),
                                       names, {{signal, groups[i].signals}}, false);
    for (size_t j = 0; j < groups[i].networks.size(); ++j) {
      where[static_cast<size_t>(groups[i].networks[j] - kNetworks)].push_back({dimension, {static_cast<int>(j)}});
    }
  }
  for (size_t i = 0; i < std::size(kNetworks); ++i) {
    if (where[i].empty()) continue;
    const std::string name(trainer::WordsOf(kNetworks[i].architecture).name);
    space.Add(name + ".width", Split(kNetworks[i].widths), where[i]);
    space.Add(name + ".depth", Split(kNetworks[i].depths), where[i]);
  }
  space.Add(kDropout, {"0", "0.05", "0.1", "0.2", "0.3"}, {});
  space.Add(kLearningRate, {"0.001", "0.002", "0.004", "0.008"}, {});
  if (!has_frames.empty()) space.Add(kAugmentation, {"0.5", "1", "1.5", "2"}, has_frames);
  space.Add(kInt8, {"after training", kInTraining}, {}, false);
  return space;
}

bool SearchSpace::IsActive(const Point& point, size_t dimension) const {
  const std::vector<Dimension::Condition>& any_of = dimensions_[dimension].any_of;
  return any_of.empty() || std::any_of(any_of.begin(), any_of.end(), [&](const Dimension::Condition& condition) {
           const int chosen = point[condition.dimension];
           return std::find(condition.choices.begin(), condition.choices.end(), chosen) != condition.choices.end();
         });
}

Expected<Setting> SearchSpace::SettingOf(const Point& point) const {
  Setting setting;
  Candidate& candidate = setting.candidate;
  std::string members;
  setting.augmentation = 0;
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    if (point[i] < 0) continue;
    const std::string& name = dimensions_[i].name;
    const std::string& choice = dimensions_[i].choices[static_cast<size_t>(point[i])];
    const size_t dot = name.find('.');
    const std::string owner = name.substr(0, dot);
    if (name == kSignal) {
      candidate.block = compiler::DefaultParams(choice);
    } else if (name.starts_with(kNetwork)) {
      THIMBLE_ASSIGN(candidate.architecture, trainer::ArchitectureNamed(choice));
    } else if (name == kDropout) {
      candidate.size.dropout = std::strtof(choice.c_str(), nullptr);
    } else if (name == kLearningRate) {
      setting.learning_rate = std::strtof(choice.c_str(), nullptr);
    } else if (name == kAugmentation) {
      setting.augmentation = std::strtof(choice.c_str(), nullptr);
    } else if (name == kInt8) {
      setting.quantisation_aware = choice == kInTraining;
    } else if (owner == compiler::BlockOf(candidate.block).name) {
      const std::string parameter = name.substr(dot + 1);
      members += (members.empty() ? "" : ",") + ('"' + parameter + "\":") + Quoted(candidate.block, parameter, choice);
    } else {
      (name.ends_with(".width") ? candidate.size.width : candidate.size.depth) = std::atoi(choice.c_str());
    }
  }
  THIMBLE_EXPECT(compiler::ReadParameters("search space", "{" + members + "}", candidate.block));
  Complete(*data_, candidate.block);
  if (const char* reason =
          compiler::WordsOf(candidate.block).explain(compiler::PointerTo(candidate.block), data_->shape)) {
    return {Status::kInvalidArgument, std::string(compiler::BlockOf(candidate.block).name) + ": " + reason};
  }
  const auto spec = trainer::MakeSpec(candidate.architecture, LayoutOf(*data_, candidate.block),
                                      static_cast<int>(data_->labels.size()), false, candidate.size);
  if (!spec) return spec.error();
  return setting;
}

std::vector<Point> SearchSpace::UsualPoints() const {
  std::vector<Point> points;
  for (const Candidate& candidate : usual_) {
    const std::string block = compiler::BlockOf(candidate.block).name;
    const trainer::ArchitectureWords& network = trainer::WordsOf(candidate.architecture);
    Point point(dimensions_.size(), -1);
    for (size_t i = 0; i < dimensions_.size(); ++i) {
      if (!IsActive(point, i)) continue;
      const Dimension& dimension = dimensions_[i];
      const std::string parameter = dimension.name.substr(dimension.name.find('.') + 1);
      std::string wanted;
      if (dimension.name == kSignal) {
        wanted = block;
      } else if (dimension.name.starts_with(kNetwork)) {
        wanted = network.name;
      } else if (dimension.name == kDropout) {
        wanted = Number(static_cast<double>(network.dropout));
      } else if (dimension.name == kLearningRate) {
        wanted = candidate.architecture == Architecture::kDense ? "0.002" : "0.004";
      } else if (dimension.name == kAugmentation) {
        wanted = "1";
      } else if (dimension.name == kInt8) {
        wanted = kInTraining;
      } else if (dimension.name.starts_with(block + ".")) {
        wanted = ValueOf(candidate.block, parameter);
      } else {
        wanted = std::to_string(parameter == "width" ? network.width : network.depth);
      }
      // The nearest choice, where numbers stand.
      double best = std::numeric_limits<double>::infinity();
      for (size_t j = 0; j < dimension.choices.size(); ++j) {
        const std::string& choice = dimension.choices[j];
        const double distance = choice == wanted ? -1 : std::abs(std::atof(choice.c_str()) - std::atof(wanted.c_str()));
        if (distance < best) {
          best = distance;
          point[i] = static_cast<int>(j);
        }
      }
    }
    if (SettingOf(point) && std::find(points.begin(), points.end(), point) == points.end()) points.push_back(point);
  }
  return points;
}

std::vector<std::pair<std::string, std::string>> SearchSpace::WordsOf(const Point& point) const {
  std::vector<std::pair<std::string, std::string>> words;
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    if (point[i] >= 0) words.emplace_back(dimensions_[i].name, dimensions_[i].choices[static_cast<size_t>(point[i])]);
  }
  return words;
}

std::optional<Point> SearchSpace::PointOf(const std::vector<std::pair<std::string, std::string>>& words) const {
  Point point(dimensions_.size(), -1);
  for (const auto& [name, choice] : words) {
    const auto dimension = std::find_if(dimensions_.begin(), dimensions_.end(),
                                        [&, &wanted = name](const Dimension& one) { return one.name == wanted; });
    if (dimension == dimensions_.end()) return {};
    const auto place = std::find(dimension->choices.begin(), dimension->choices.end(), choice);
    if (place == dimension->choices.end()) return {};
    point[static_cast<size_t>(dimension - dimensions_.begin())] = static_cast<int>(place - dimension->choices.begin());
  }
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    if (IsActive(point, i) != (point[i] >= 0)) return {};
  }
  return point;
}

Point SearchSpace::Draw(Random& random, const std::function<std::vector<double>(size_t dimension)>& weigh) const {
  Point point(dimensions_.size(), -1);
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    if (!IsActive(point, i)) continue;
    const size_t count = dimensions_[i].choices.size();
    const std::vector<double> weights = weigh ? weigh(i) : std::vector<double>(count, 1.0);
    double sum = 0;
    for (const double weight : weights) sum += weight;
    double left = random.Between(0, sum);
    size_t choice = 0;
    while (choice + 1 < count && left >= weights[choice]) left -= weights[choice++];
    point[i] = static_cast<int>(choice);
  }
  return point;
}

std::vector<Point> Propose(const SearchSpace& space, std::span<const Point> ranking, size_t count, Random& random,
                           const std::function<bool(const Point&)>& is_welcome) {
  constexpr size_t kEnoughToLearnFrom = 12;
  constexpr double kGoodShare = 0.2;
  constexpr double kNeighbour = 0.4;  // of the weight of the choice itself
  constexpr int kDraws = 24;
  constexpr int kMostRefusals = 400;

  const size_t good = std::max<size_t>(4, static_cast<size_t>(kGoodShare * static_cast<double>(ranking.size())));
  /// Shares of a dimension's choices among points; each choice begins with a little, so that none is ever out.
  const auto shares = [&](std::span<const Point> points, size_t dimension) {
    const Dimension& one = space.dimensions()[dimension];
    std::vector<double> weights(one.choices.size(), 1.0);
    for (const Point& point : points) {
      const int chosen = point[dimension];
      if (chosen < 0) continue;
      weights[static_cast<size_t>(chosen)] += 1;
      if (!one.ordered) continue;
      if (chosen > 0) weights[static_cast<size_t>(chosen) - 1] += kNeighbour;
      if (static_cast<size_t>(chosen) + 1 < weights.size()) weights[static_cast<size_t>(chosen) + 1] += kNeighbour;
    }
    double sum = 0;
    for (const double weight : weights) sum += weight;
    for (double& weight : weights) weight /= sum;
    return weights;
  };
  std::vector<std::vector<double>> of_good, of_others;
  const bool knows = ranking.size() >= kEnoughToLearnFrom;
  if (knows) {
    for (size_t i = 0; i < space.dimensions().size(); ++i) {
      of_good.push_back(shares(ranking.first(good), i));
      of_others.push_back(shares(ranking.subspan(good), i));
    }
  }
  const auto promise = [&](const Point& point) {
    double sum = 0;
    for (size_t i = 0; i < point.size(); ++i) {
      if (point[i] < 0) continue;
      const auto choice = static_cast<size_t>(point[i]);
      sum += std::log(of_good[i][choice] / of_others[i][choice]);
    }
    return sum;
  };

  std::vector<Point> proposals;
  std::set<Point> seen(ranking.begin(), ranking.end());
  for (int refusals = 0; proposals.size() < count && refusals < kMostRefusals;) {
    Point best;
    if (!knows || proposals.size() % 3 == 2) {
      best = space.Draw(random);
      // At first every kind of signal processing gets its turn.
      if (!knows && !best.empty()) {
        const size_t turn = (proposals.size() + static_cast<size_t>(refusals)) % space.dimensions()[0].choices.size();
        best = space.Draw(random, [&](size_t dimension) {
          std::vector<double> weights(space.dimensions()[dimension].choices.size(), dimension == 0 ? 0.0 : 1.0);
          if (dimension == 0) weights[turn] = 1;
          return weights;
        });
      }
    } else {
      double most = -std::numeric_limits<double>::infinity();
      for (int draw = 0; draw < kDraws; ++draw) {
        Point point = space.Draw(random, [&](size_t dimension) { return of_good[dimension]; });
        if (seen.contains(point) || !space.SettingOf(point)) continue;
        if (const double value = promise(point); value > most) {
          most = value;
          best = std::move(point);
        }
      }
    }
    if (best.empty() || seen.contains(best) || !space.SettingOf(best) || !is_welcome(best)) {
      if (!best.empty()) seen.insert(best);
      ++refusals;
      continue;
    }
    seen.insert(best);
    proposals.push_back(std::move(best));
  }
  return proposals;
}

std::string Describe(const Setting& setting) {
  const Candidate& candidate = setting.candidate;
  const compiler::BlockParams usual = compiler::DefaultParams(compiler::BlockOf(candidate.block).name);
  std::string changed;
  const std::vector<compiler::BlockParameter> defaults = compiler::ParametersOf(usual);
  const std::vector<compiler::BlockParameter> chosen = compiler::ParametersOf(candidate.block);
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i].value == defaults[i].value) continue;
    changed += (changed.empty() ? "" : ", ") + std::string(chosen[i].field.name) + " " + chosen[i].value;
  }
  std::string text = compiler::BlockOf(candidate.block).name + (changed.empty() ? "" : " (" + changed + ")") + " + " +
                     std::string(trainer::WordsOf(candidate.architecture).name) + " " +
                     std::to_string(candidate.size.width) + " × " + std::to_string(candidate.size.depth);
  if (candidate.size.dropout > 0) text += ", dropout " + Number(static_cast<double>(candidate.size.dropout));
  text += ", learning rate " + Number(static_cast<double>(setting.learning_rate));
  if (setting.augmentation > 0) text += ", augmentation × " + Number(static_cast<double>(setting.augmentation));
  return text + (setting.quantisation_aware ? ", int8 in training" : ", int8 after training");
}

}  // namespace thimble::studio
