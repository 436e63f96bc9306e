#include "studio/tune.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "base/processors.h"
#include "base/random.h"
#include "studio/pareto.h"
#include "studio/tune_journal.h"
#include "trainer/model_tflite.h"

namespace thimble::studio {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFolds = 3;
constexpr size_t kGeneration = 12;  ///< proposals at a time

struct Rung {
  int steps;
  int64_t multiplications;  ///< forward, of all steps: patience with large networks
  int first_fold, folds;
  size_t promoted;  ///< trials of the rung below that come here, a generation
};
// Each rung costs about as much as the one before: a third of the trials for three times the steps. The second uses
// another fold than the first, so that nothing climbs by the luck of one.
constexpr Rung kRungTable[kRungs] = {
    {400, 2'000'000'000, 0, 1, kGeneration},
    {1200, 6'000'000'000, 1, 1, 4},
    {3600, 20'000'000'000, 0, kFolds, 2},
};

/// What a network said about the windows of one recording.
struct Answers {
  double loss = 0, right = 0, windows = 0;
  void Add(const Answers& other) {
    loss += other.loss;
    right += other.right;
    windows += other.windows;
  }
};

/// One fold of one trial.
struct FoldResult {
  bool whole = false;  ///< false: stopped on the way
  std::string failure;
  std::map<int, Answers> plain, strained;  ///< by recording
  std::optional<Footprint> footprint;
  double seconds = 0;
};

struct BothTables {
  trainer::Table plain, strained;
  size_t bytes() const { return (plain.features.size() + strained.features.size()) * sizeof(float); }
};

/// Features of all training windows by block, made once; those not used for longest go when there are too many.
class FeatureCache {
 public:
  FeatureCache(const Data& plain, const Data& strained, const std::atomic<bool>& stop)
      : plain_(plain), strained_(strained), stop_(stop) {}

  Expected<std::shared_ptr<const BothTables>> Get(const compiler::BlockParams& block) {
    const std::string key = compiler::BlockOf(block).name + compiler::WriteParameters(block);
    std::shared_ptr<Entry> entry;
    {
      const std::lock_guard lock(mutex_);
      std::shared_ptr<Entry>& place = entries_[key];
      if (place == nullptr) place = std::make_shared<Entry>();
      entry = place;
      entry->used = ++uses_;
    }
    const std::lock_guard lock(entry->mutex);
    if (entry->tables == nullptr) {
      auto tables = std::make_shared<BothTables>();
      const auto goes_on = [&](double) { return !stop_; };
      THIMBLE_ASSIGN(tables->plain, Features(plain_, plain_.training, block, goes_on));
      THIMBLE_ASSIGN(tables->strained, Features(strained_, strained_.training, block, goes_on));
      entry->tables = std::move(tables);
      Shrink(key, entry->tables->bytes());
    }
    return std::shared_ptr<const BothTables>(entry->tables);
  }

 private:
  struct Entry {
    std::mutex mutex;
    std::shared_ptr<const BothTables> tables;
    uint64_t used = 0;  ///< under the cache's mutex, as the rest of the map
    size_t bytes = 0;
  };

  void Shrink(const std::string& newest, size_t bytes) {
    constexpr size_t kMostBytes = size_t{768} << 20;
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(newest); found != entries_.end()) found->second->bytes = bytes;
    for (;;) {
      size_t sum = 0;
      auto oldest = entries_.end();
      for (auto one = entries_.begin(); one != entries_.end(); ++one) {
        sum += one->second->bytes;
        if (one->second->bytes == 0 || one->first == newest) continue;
        if (oldest == entries_.end() || one->second->used < oldest->second->used) oldest = one;
      }
      if (sum <= kMostBytes || oldest == entries_.end()) return;
      entries_.erase(oldest);  // whoever works with it keeps it
    }
  }

  const Data& plain_;
  const Data& strained_;
  const std::atomic<bool>& stop_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  uint64_t uses_ = 0;
};

/// Does `count` pieces of work on `jobs` threads. `on_done` (after each) and `poll` (ten times a second) are called by
/// the calling thread.
void RunAll(size_t count, int jobs, const std::function<void(size_t)>& work, const std::function<void(size_t)>& on_done,
            const std::function<void()>& poll) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<size_t> done;
  std::vector<std::thread> threads;
  const size_t wanted = std::min<size_t>(count, static_cast<size_t>(std::max(jobs, 1)));
  for (size_t i = 0; i < wanted; ++i) {
    threads.emplace_back([&] {
      for (size_t piece = next++; piece < count; piece = next++) {
        work(piece);
        const std::lock_guard lock(mutex);
        done.push_back(piece);
        changed.notify_one();
      }
    });
  }
  for (size_t finished = 0; finished < count;) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return !done.empty(); });
    while (!done.empty()) {
      const size_t piece = done.front();
      done.pop_front();
      lock.unlock();
      on_done(piece);
      ++finished;
      lock.lock();
    }
    lock.unlock();
    poll();
  }
  for (std::thread& thread : threads) thread.join();
}

dsp::Layout LayoutOf(const Data& data, const compiler::BlockParams& block) {
  return compiler::WordsOf(block).layout_of(compiler::PointerTo(block), data.shape);
}

trainer::AugmentOptions AugmentFor(const Data& data, const Setting& setting) {
  trainer::AugmentOptions augment =
      trainer::DefaultAugment(LayoutOf(data, setting.candidate.block), data.kind == DataKind::kMotion);
  const float factor = setting.augmentation;
  for (float* part : {&augment.time_shift, &augment.time_stretch, &augment.time_mask, &augment.channel_mask,
                      &augment.scale, &augment.crop, &augment.brightness}) {
    *part = std::min(*part * factor, 0.45f);
  }
  augment.noise *= factor;
  augment.rotation_degrees *= factor;
  return augment;
}

std::map<int, Answers> AnswersOf(const trainer::Table& table, const std::vector<float>& scores, size_t classes) {
  constexpr float kLeastScore = 1.0f / 512;  // half a step of int8 scores
  std::map<int, Answers> by_recording;
  const std::vector<int> decisions = trainer::Decide(scores, static_cast<int>(classes));
  for (size_t row = 0; row < decisions.size(); ++row) {
    const auto label = static_cast<size_t>(table.labels[row]);
    const float score = std::max(scores[row * classes + label], kLeastScore);
    by_recording[table.group(static_cast<int>(row))].Add(
        {-std::log(static_cast<double>(score)), decisions[row] == table.labels[row] ? 1.0 : 0.0, 1});
  }
  return by_recording;
}

/// All but the journal's own business of one call of Tune.
class Search {
 public:
  Search(const TuneOptions& options, const FootprintLimits& limits, const Data& data, const SearchSpace& space,
         TuneJournal& journal, const TuneCallback& on_progress)
      : options_(options),
        limits_(limits),
        data_(data),
        strained_(StrainedCopy(data, options.seed)),
        space_(space),
        journal_(journal),
        on_progress_(on_progress),
        cache_(data_, strained_, stop_),
        random_(options.seed ^ 0x7475'6e65),
        jobs_(options.jobs > 0 ? options.jobs : UsableProcessors()),
        started_(Clock::now()) {}

  Outcome Run();

  std::vector<Trial> trials;
  int too_large = 0;
  bool stopped_by_caller = false;

 private:
  Outcome ProposeGeneration();
  Expected<Footprint> FootprintOf(const Setting& setting) const;
  Outcome Climb(const std::vector<size_t>& places, int rung);
  FoldResult TryFold(const Trial& trial, int rung, int fold);
  RungResult Combine(const Trial& trial, int rung, const std::vector<FoldResult>& folds) const;
  void Take(Trial& trial, const RungResult& result);
  void Tell(const Trial* finished);
  std::vector<size_t> BestOf(int rung, size_t count) const;
  std::vector<Point> Ranking() const;
  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  const TuneOptions& options_;
  const FootprintLimits& limits_;
  const Data& data_;
  const Data strained_;
  const SearchSpace& space_;
  TuneJournal& journal_;
  const TuneCallback& on_progress_;
  FeatureCache cache_;
  Random random_;
  int jobs_;
  Clock::time_point started_;
  std::atomic<bool> stop_ = false;
  std::map<Point, Footprint> welcome_;
  std::string least_excess_;
};

/// Better trials first.
bool Precedes(const Trial& one, const Trial& other) {
  if (one.dropped.empty() != other.dropped.empty()) return one.dropped.empty();
  if (one.rung != other.rung) return one.rung > other.rung;
  if (one.loss != other.loss && !std::isnan(one.loss) && !std::isnan(other.loss)) return one.loss < other.loss;
  return one.number < other.number;
}

Expected<Footprint> Search::FootprintOf(const Setting& setting) const {
  // Sizes come from shapes, not from weights: any will do, and any rows to see their ranges.
  constexpr int kRows = 4;
  const dsp::Layout layout = LayoutOf(data_, setting.candidate.block);
  THIMBLE_ASSIGN(const trainer::ModelSpec spec,
                 trainer::MakeSpec(setting.candidate.architecture, layout, static_cast<int>(data_.labels.size()), false,
                                   setting.candidate.size));
  THIMBLE_ASSIGN(const trainer::Model model, trainer::Initialise(spec, 1));
  Random random(1);
  const size_t features = compiler::BlockOf(setting.candidate.block)
                              .feature_count(compiler::PointerTo(setting.candidate.block), data_.shape);
  std::vector<float> rows(kRows * features);
  for (float& value : rows) value = random.Normal();
  trainer::ModelQuantiseOptions quantise;
  quantise.ranges = trainer::RangeMethod::kMinMax;
  quantise.correct_bias = false;
  THIMBLE_ASSIGN(const trainer::QuantisedModel quantised, trainer::Quantise(model, rows, quantise));
  trainer::FeatureScaling scaling;
  if (setting.candidate.architecture == trainer::Architecture::kDense) {
    scaling.offset.resize(features);
    scaling.scale.resize(features);
  }
  return Measure(*options_.board, setting.candidate.block, data_.shape, scaling, trainer::WriteTflite(quantised),
                 false);
}

std::vector<Point> Search::Ranking() const {
  std::vector<const Trial*> order;
  for (const Trial& trial : trials) order.push_back(&trial);
  std::sort(order.begin(), order.end(), [](const Trial* one, const Trial* other) { return Precedes(*one, *other); });
  std::vector<Point> ranking;
  for (const Trial* trial : order) ranking.push_back(trial->point);
  return ranking;
}

Outcome Search::ProposeGeneration() {
  size_t count = kGeneration;
  if (options_.trials > 0) {
    count = std::min(count, static_cast<size_t>(options_.trials) - trials.size());
  }
  const auto is_welcome = [&](const Point& point) {
    const Expected<Setting> setting = space_.SettingOf(point);
    if (!setting) return false;
    const Expected<Footprint> footprint = FootprintOf(*setting);
    if (!footprint) return false;
    const std::string excess = Excess(*footprint, limits_);
    if (!excess.empty()) {
      ++too_large;
      if (least_excess_.empty()) least_excess_ = Describe(*setting) + " " + excess;
      return false;
    }
    welcome_[point] = *footprint;
    return true;
  };
  std::vector<Point> points;
  if (trials.empty()) {
    for (const Point& point : space_.UsualPoints()) {
      if (points.size() < count && is_welcome(point)) points.push_back(point);
    }
  }
  std::vector<Point> known = Ranking();
  known.insert(known.end(), points.begin(), points.end());
  for (Point& point : Propose(space_, known, count - points.size(), random_, [&](const Point& one) {
         if (on_progress_ && !stop_) Tell(nullptr);
         return !stop_ && is_welcome(one);
       })) {
    points.push_back(std::move(point));
  }
  for (Point& point : points) {
    Trial trial;
    trial.number = static_cast<int>(trials.size()) + 1;
    trial.setting = *space_.SettingOf(point);
    trial.footprint = welcome_[point];
    trial.point = std::move(point);
    trials.push_back(std::move(trial));
  }
  if (trials.empty() && !stop_) {
    return {Status::kOutOfMemory,
            "nothing that was looked at fits: " + least_excess_ + "; allow more, or shorten the window (--window-ms)"};
  }
  return Nothing{};
}

FoldResult Search::TryFold(const Trial& trial, int rung, int fold) {
  FoldResult result;
  const auto began = Clock::now();
  const auto fail = [&](const Error& error) {
    result.failure = error.message;
    result.whole = error.status != Status::kCancelled;
    return result;
  };
  const auto tables = cache_.Get(trial.setting.candidate.block);
  if (!tables) return fail(tables.error());
  const BothTables& both = **tables;
  trainer::Split split = trainer::FoldByGroup(both.plain, kFolds, fold, options_.seed);

  LearningOptions learning = TrainingFor(options_, data_, trial.setting).learning;
  const Rung& how = kRungTable[rung];
  const auto most_rows = static_cast<size_t>(options_.effort * how.steps * learning.batch_rows);
  if (split.training.size() > most_rows) {
    Random random(options_.seed);
    random.Shuffle(std::span(split.training));
    split.training.resize(most_rows);
  }
  const auto spec =
      trainer::MakeSpec(trial.setting.candidate.architecture, LayoutOf(data_, trial.setting.candidate.block),
                        static_cast<int>(data_.labels.size()), false, trial.setting.candidate.size);
  if (!spec) return fail(spec.error());
  int64_t multiplications = 0;
  if (const auto shapes = trainer::InferShapes(*spec)) {
    for (const trainer::LayerCost& cost : trainer::Costs(*spec, *shapes)) multiplications += cost.multiplications;
  }
  const auto rows = static_cast<int64_t>(split.training.size());
  const int64_t by_steps = static_cast<int64_t>(most_rows) / std::max<int64_t>(rows, 1);
  const int64_t by_patience = how.multiplications / std::max<int64_t>(rows * multiplications, 1);
  learning.epochs = static_cast<int>(std::max<int64_t>(1, std::min(by_steps, by_patience)));
  learning.seed = options_.seed + static_cast<uint64_t>(fold);
  learning.validation_share = 0;  // no choice of an epoch: the fold judges, and nothing else

  const Expected<Learnt> learnt = LearnFrom(data_, trial.setting.candidate, both.plain.Select(split.training), learning,
                                            [&](const Event&) { return !stop_.load(); });
  if (!learnt) return fail(learnt.error());
  if (learnt->stopped || stop_) return result;
  for (const bool strained : {false, true}) {
    trainer::Table table = (strained ? both.strained : both.plain).Select(split.validation);
    trainer::Apply(learnt->scaling, table.features);
    const auto scores = trainer::Run(learnt->quantised, table.features);
    if (!scores) return fail(scores.error());
    (strained ? result.strained : result.plain) = AnswersOf(table, *scores, data_.labels.size());
  }
  if (rung == kRungs - 1 && fold == 0) {
    const auto footprint = Measure(*options_.board, trial.setting.candidate.block, data_.shape, learnt->scaling,
                                   trainer::WriteTflite(learnt->quantised), true);
    if (!footprint) return fail(footprint.error());
    result.footprint = *footprint;
  }
  result.whole = true;
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

RungResult Search::Combine(const Trial& trial, int rung, const std::vector<FoldResult>& folds) const {
  RungResult result;
  result.number = trial.number;
  result.rung = rung;
  result.point = trial.point;
  result.footprint = trial.footprint;
  Answers plain, strained;
  std::map<int, Answers> by_recording;
  for (const FoldResult& fold : folds) {
    if (!fold.failure.empty()) result.dropped = fold.failure;
    if (fold.footprint) result.footprint = *fold.footprint;
    result.seconds += fold.seconds;
    for (const auto& [recording, answers] : fold.plain) {
      plain.Add(answers);
      by_recording[recording].Add(answers);
    }
    for (const auto& [recording, answers] : fold.strained) {
      strained.Add(answers);
      by_recording[recording].Add(answers);
    }
  }
  if (!result.dropped.empty()) return result;
  result.accuracy = plain.right / plain.windows;
  result.strained_accuracy = strained.right / strained.windows;
  result.loss = (plain.loss + strained.loss) / (plain.windows + strained.windows);
  double squares = 0;
  for (const auto& [recording, answers] : by_recording) {
    const double difference = answers.loss / answers.windows - result.loss;
    squares += difference * difference;
  }
  const auto count = static_cast<double>(by_recording.size());
  result.loss_error = std::sqrt(squares / std::max(count - 1, 1.0) / count);
  if (!(result.loss < std::numeric_limits<double>::infinity())) result.dropped = "its answers are no numbers";
  if (const std::string excess = Excess(result.footprint, limits_); !excess.empty()) result.dropped = excess;
  return result;
}

void Search::Take(Trial& trial, const RungResult& result) {
  trial.seconds += result.seconds;
  trial.dropped = result.dropped;
  trial.footprint = result.footprint;
  if (!std::isnan(result.loss)) {
    trial.rung = result.rung;
    trial.accuracy = result.accuracy;
    trial.strained_accuracy = result.strained_accuracy;
    trial.loss = result.loss;
    trial.loss_error = result.loss_error;
  }
  Tell(&trial);
}

void Search::Tell(const Trial* finished) {
  if (!stop_ && options_.seconds > 0 && options_.trials == 0 && Elapsed() > options_.seconds) stop_ = true;
  if (!on_progress_) return;
  TuneProgress progress;
  progress.finished = finished;
  progress.tried = static_cast<int>(std::count_if(
      trials.begin(), trials.end(), [](const Trial& trial) { return trial.rung >= 0 || !trial.dropped.empty(); }));
  progress.share = options_.trials > 0 ? static_cast<double>(progress.tried) / options_.trials
                                       : std::min(1.0, Elapsed() / std::max(options_.seconds, 1e-3));
  const std::optional<size_t> best = Choose(trials);
  if (best) progress.best = &trials[*best];
  if (!on_progress_(progress)) {
    stop_ = true;
    stopped_by_caller = true;
  }
}

Outcome Search::Climb(const std::vector<size_t>& places, int rung) {
  const Rung& how = kRungTable[rung];
  std::vector<size_t> left;
  for (const size_t place : places) {
    const RungResult* known = journal_.Find(trials[place].number, rung);
    if (known == nullptr) {
      left.push_back(place);
      continue;
    }
    if (known->point != trials[place].point) {
      return {Status::kInvalidArgument,
              options_.journal + ": notes other proposals than this version makes; delete it to begin anew"};
    }
    Take(trials[place], *known);
  }
  const auto folds = static_cast<size_t>(how.folds);
  std::vector<std::vector<FoldResult>> results(left.size(), std::vector<FoldResult>(folds));
  std::vector<size_t> missing(left.size(), folds);
  Outcome noted = Nothing{};
  RunAll(
      left.size() * folds, jobs_,
      [&](size_t piece) {
        if (stop_) return;
        results[piece / folds][piece % folds] =
            TryFold(trials[left[piece / folds]], rung, how.first_fold + static_cast<int>(piece % folds));
      },
      [&](size_t piece) {
        const size_t one = piece / folds;
        if (--missing[one] > 0) return;
        const bool whole =
            std::all_of(results[one].begin(), results[one].end(), [](const FoldResult& fold) { return fold.whole; });
        if (!whole) return;
        // Threads read other trials meanwhile; this one's have all ended.
        Trial& trial = trials[left[one]];
        const RungResult result = Combine(trial, rung, results[one]);
        results[one].clear();
        if (Outcome outcome = journal_.Note(result, space_); !outcome) {
          noted = outcome;
          stop_ = true;
        }
        Take(trial, result);
      },
      [&] { Tell(nullptr); });
  return noted;
}

std::vector<size_t> Search::BestOf(int rung, size_t count) const {
  std::vector<size_t> places;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].rung == rung && trials[i].dropped.empty()) places.push_back(i);
  }
  std::sort(places.begin(), places.end(),
            [&](size_t one, size_t other) { return Precedes(trials[one], trials[other]); });
  if (places.size() > count) places.resize(count);
  return places;
}

Outcome Search::Run() {
  while (!stop_) {
    const size_t before = trials.size();
    const bool may_propose = options_.trials == 0 || before < static_cast<size_t>(options_.trials);
    if (!may_propose) break;
    THIMBLE_EXPECT(ProposeGeneration());
    std::vector<size_t> fresh;
    for (size_t i = before; i < trials.size(); ++i) fresh.push_back(i);
    if (!stop_) THIMBLE_EXPECT(Climb(fresh, 0));
    size_t climbed = fresh.size();
    for (int rung = 1; rung < kRungs && !stop_; ++rung) {
      const std::vector<size_t> best = BestOf(rung - 1, kRungTable[rung].promoted);
      climbed += best.size();
      THIMBLE_EXPECT(Climb(best, rung));
    }
    if (climbed == 0) break;  // everything was tried
  }
  return Nothing{};
}

/// A rotation about an axis (x, y, z) of length 1, applied to three numbers.
struct Rotation {
  double matrix[3][3];
  static Rotation About(const double (&axis)[3], double angle) {
    const double c = std::cos(angle), s = std::sin(angle);
    const auto [x, y, z] = axis;
    return {{{c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s},
             {y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s},
             {z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)}}};
  }
};

void StrainMotion(dataset::Recording& recording, Random& random) {
  constexpr double kMostDegrees = 25;
  constexpr double kStrength = 0.15;
  constexpr double kTempo = 0.05;
  const size_t axes = recording.axes.size();
  const size_t readings = recording.readings();
  const double strength = random.Between(1 - kStrength, 1 + kStrength);
  const double tempo = random.Between(1 - kTempo, 1 + kTempo);
  double axis[3];
  double length = 0;
  for (double& part : axis) {
    part = static_cast<double>(random.Normal());
    length += part * part;
  }
  for (double& part : axis) part /= std::sqrt(std::max(length, 1e-12));
  const Rotation rotation = Rotation::About(axis, random.Between(-kMostDegrees, kMostDegrees) * 3.14159265358979 / 180);
  const std::vector<float> before = recording.values;
  const double middle = static_cast<double>(readings) / 2;
  for (size_t i = 0; i < readings; ++i) {
    const double place =
        std::clamp(middle + (static_cast<double>(i) - middle) * tempo, 0.0, static_cast<double>(readings) - 1);
    const auto first = static_cast<size_t>(place);
    const size_t second = std::min(first + 1, readings - 1);
    const double part = place - static_cast<double>(first);
    std::vector<double> reading(axes);
    for (size_t k = 0; k < axes; ++k) {
      const auto at = [&](size_t which) { return static_cast<double>(before[which * axes + k]); };
      reading[k] = strength * ((1 - part) * at(first) + part * at(second));
    }
    for (size_t k = 0; k < axes; ++k) {
      double value = reading[k];
      if (axes % 3 == 0) {
        const size_t sensor = k / 3 * 3;
        value = 0;
        for (size_t j = 0; j < 3; ++j) value += rotation.matrix[k % 3][j] * reading[sensor + j];
      }
      recording.values[i * axes + k] = static_cast<float>(value);
    }
  }
}

void StrainSound(dataset::Recording& recording, Random& random) {
  constexpr double kNoise = 0.03;  // 30 dB below
  const auto loudness = static_cast<float>(std::exp2(random.Between(-1, 1)));
  double squares = 0;
  for (const float value : recording.values) squares += static_cast<double>(value) * static_cast<double>(value);
  const double size = std::sqrt(squares / static_cast<double>(std::max<size_t>(recording.values.size(), 1)));
  const auto noise = static_cast<float>(kNoise * size);
  for (float& value : recording.values) value = loudness * (value + noise * random.Normal());
}

void StrainPicture(dataset::Recording& picture, Random& random) {
  constexpr double kBrightness = 0.15;
  constexpr int kSteps = 16;
  const double brightness = random.Between(1 - kBrightness, 1 + kBrightness);
  const int width = picture.width, height = picture.height;
  const auto shift = [&](int side) {
    return static_cast<int>(random.Below(static_cast<uint32_t>(2 * (side / kSteps) + 1))) - side / kSteps;
  };
  const int right = shift(width), down = shift(height);
  const std::vector<float> before = picture.values;
  const int rows = static_cast<int>(before.size()) / width;
  for (int row = 0; row < rows; ++row) {
    const int base = row / height * height;
    const int from_row = base + std::clamp(row - base - down, 0, height - 1);
    for (int column = 0; column < width; ++column) {
      const int from_column = std::clamp(column - right, 0, width - 1);
      const auto pixel = static_cast<uint32_t>(before[static_cast<size_t>(from_row * width + from_column)]);
      uint32_t made = 0;
      for (const int bits : {16, 8, 0}) {
        const double value = std::min(255.0, brightness * static_cast<double>((pixel >> bits) & 0xFF));
        made |= static_cast<uint32_t>(value) << bits;
      }
      picture.values[static_cast<size_t>(row * width + column)] = static_cast<float>(made);
    }
  }
}

/// What a journal must agree in.
std::string HeadOf(const TuneOptions& options, const FootprintLimits& limits, const Data& data,
                   const SearchSpace& space) {
  const auto hash_of = [](const std::string& text) { return Fnv1a(std::as_bytes(std::span(text))); };
  std::string places;
  for (const dataset::WindowPlace& place : data.training.windows) {
    places += std::to_string(place.recording) + "." + std::to_string(place.first_reading) + " ";
  }
  std::string choices;
  for (const Dimension& dimension : space.dimensions()) {
    choices += dimension.name + ":";
    for (const std::string& choice : dimension.choices) choices += choice + ",";
  }
  const auto limit = [](const auto& one) { return one ? nlohmann::ordered_json(*one) : nlohmann::ordered_json(); };
  const nlohmann::ordered_json head = {{"format", 1},
                                       {"data", data.hash},
                                       {"training_windows", hash_of(places)},
                                       {"window_readings", data.shape.readings},
                                       {"space", hash_of(choices)},
                                       {"board", options.board->name},
                                       {"ram_bytes", limit(limits.ram_bytes)},
                                       {"flash_bytes", limit(limits.flash_bytes)},
                                       {"parameters", limit(limits.parameters)},
                                       {"latency_ms", limit(limits.latency_ms)},
                                       {"effort", options.effort},
                                       {"seed", options.seed}};
  return head.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Data StrainedCopy(const Data& data, uint64_t seed) {
  Data strained = data;
  for (size_t i = 0; i < strained.set.recordings.size(); ++i) {
    Random random(seed * 0x9e37'79b9 + i + 1);
    dataset::Recording& recording = strained.set.recordings[i];
    switch (data.kind) {
      case DataKind::kMotion:
        StrainMotion(recording, random);
        break;
      case DataKind::kSound:
        StrainSound(recording, random);
        break;
      case DataKind::kPictures:
        StrainPicture(recording, random);
        break;
    }
  }
  return strained;
}

std::optional<size_t> Choose(const std::vector<Trial>& trials) {
  const Trial* best = nullptr;
  for (const Trial& trial : trials) {
    if (trial.rung < 0 || !trial.dropped.empty()) continue;
    if (best == nullptr || Precedes(trial, *best)) best = &trial;
  }
  if (best == nullptr) return {};
  const auto size_of = [](const Trial& trial) {
    const Footprint& takes = trial.footprint;
    return std::log(static_cast<double>(takes.ram_bytes)) + std::log(static_cast<double>(takes.all_flash_bytes())) +
           std::log(takes.latency_ms.value_or(1));
  };
  const Trial* chosen = best;
  for (const Trial& trial : trials) {
    const bool as_good =
        trial.rung == best->rung && trial.dropped.empty() && trial.loss <= best->loss + best->loss_error;
    if (as_good && size_of(trial) < size_of(*chosen)) chosen = &trial;
  }
  return static_cast<size_t>(chosen - trials.data());
}

TrainingOptions TrainingFor(const TuneOptions& options, const Data& data, const Setting& setting) {
  TrainingOptions training;
  training.data = options.data;
  training.name = options.name;
  training.candidates = {setting.candidate};
  training.learning.seed = options.seed;
  training.learning.learning_rate = setting.learning_rate;
  training.learning.augment = AugmentFor(data, setting);
  if (!setting.quantisation_aware) training.learning.quantisation_aware_share = 0;
  return training;
}

Expected<TuneResult> Tune(const TuneOptions& options, const TuneCallback& on_progress) {
  TuneResult result;
  DataOptions reading = options.data;
  reading.reading.progress = [&](size_t, size_t) { return !on_progress || on_progress({}); };
  THIMBLE_ASSIGN(result.data, PrepareData(reading));
  FootprintLimits limits = options.limits;
  if (!limits.ram_bytes && options.board->ram.bytes > 0) limits.ram_bytes = options.board->ram.bytes;
  if (!limits.flash_bytes && options.board->flash.bytes > 0) limits.flash_bytes = options.board->flash.bytes;

  std::map<std::string, std::set<size_t>> recordings;
  for (const dataset::WindowPlace& place : result.data.training.windows) {
    recordings[result.data.set.recordings[place.recording].label].insert(place.recording);
  }
  for (const auto& [label, of_label] : recordings) {
    if (of_label.size() >= kFolds) continue;
    return {Status::kInvalidArgument, options.data.folder + ": has " + std::to_string(of_label.size()) +
                                          " training recordings of '" + label +
                                          "', and choosing needs three or more of each label; record more, or use "
                                          "thimble train"};
  }
  THIMBLE_ASSIGN(const SearchSpace space, SearchSpace::For(result.data, options.block, options.architecture));
  THIMBLE_ASSIGN(TuneJournal journal,
                 TuneJournal::Open(options.journal, HeadOf(options, limits, result.data, space), space));
  Search search(options, limits, result.data, space, journal, on_progress);
  THIMBLE_EXPECT(search.Run());
  result.trials = std::move(search.trials);
  result.too_large = search.too_large;
  result.stopped = search.stopped_by_caller;
  const std::optional<size_t> chosen = Choose(result.trials);
  if (!chosen) {
    if (result.stopped) return {Status::kCancelled, "stopped before anything was tried"};
    for (const Trial& trial : result.trials) {
      if (!trial.dropped.empty()) {
        return {Status::kFailed, "nothing that was tried worked; " + Describe(trial.setting) + ": " + trial.dropped};
      }
    }
    return {Status::kFailed, "nothing was finished in the time there was; give more --seconds"};
  }
  result.chosen = *chosen;
  std::vector<std::vector<double>> costs;
  for (const Trial& trial : result.trials) {
    const bool counts = trial.rung == result.trials[*chosen].rung && trial.dropped.empty();
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    costs.push_back({counts ? trial.loss : not_a_number, static_cast<double>(trial.footprint.ram_bytes),
                     static_cast<double>(trial.footprint.all_flash_bytes()), trial.footprint.latency_ms.value_or(0)});
  }
  result.front = ParetoFront(costs);
  return result;
}

}  // namespace thimble::studio
