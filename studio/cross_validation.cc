#include "studio/cross_validation.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "trainer/evaluate.h"

namespace thimble::studio {
namespace {

/// The shares of work that threads have done, told by one of them at a time.
class Board {
 public:
  Board(Step& step, size_t folds) : step_(step), shares_(folds) {}

  bool Tell(size_t fold, double share) {
    const std::lock_guard lock(mutex_);
    shares_[fold] = std::max(shares_[fold], share);
    double sum = 0;
    for (const double one : shares_) sum += one;
    if (!stopped_ && !step_.Progress(sum / static_cast<double>(shares_.size()))) stopped_ = true;
    return !stopped_;
  }
  bool stopped() const { return stopped_; }

 private:
  std::mutex mutex_;
  Step& step_;
  std::vector<double> shares_;
  std::atomic<bool> stopped_ = false;
};

/// One fold's answers, window by window.
struct Answers {
  Fold fold;
  std::vector<dataset::WindowPlace> windows;
  std::vector<float> int8_scores, float_scores;
};

Expected<Answers> Answer(const Data& whole, const TrainingOptions& options, const dataset::Groups& groups, size_t group,
                         const std::function<bool(double share)>& progress) {
  Answers answers;
  answers.fold.name = groups.names[group];
  Data data = whole;
  THIMBLE_EXPECT(LeaveOut(options.data, groups, group, data));
  if (data.testing.windows.empty()) {
    return {Status::kInvalidArgument,
            options.data.folder + ": nothing of '" + answers.fold.name + "' is as long as a window; take shorter ones"};
  }
  // What is tried is known before anything is trained; a last training from all rows may follow.
  const auto candidates = options.candidates.empty()
                              ? SuitableCandidates(data, options.block, options.architecture).size()
                              : options.candidates.size();
  int trainings = 0;
  const EventCallback on_event = [&](const Event& event) {
    if (event.step != "train") return progress(0);
    if (event.kind == Event::Kind::kBegin) ++trainings;
    return progress((trainings - 1 + event.share) / static_cast<double>(candidates + 1));
  };
  answers.windows = data.testing.windows;
  answers.fold.windows = static_cast<int>(answers.windows.size());
  THIMBLE_ASSIGN(TrainingResult result, TrainOn(std::move(data), options, on_event));
  progress(1);
  answers.fold.model = NameOf(result.learnt.candidate);
  answers.fold.parameters = trainer::ParameterCount(result.learnt.model);
  answers.fold.in_float = std::move(result.float_test.evaluation);
  answers.fold.in_int8 = std::move(result.int8_test.evaluation);
  answers.int8_scores = std::move(result.int8_test.scores);
  answers.float_scores = std::move(result.float_test.scores);
  return answers;
}

std::string Text(const FoldSpread& spread) {
  return Percent(spread.mean) + " in the mean, from " + Percent(spread.lowest) + " to " + Percent(spread.highest);
}

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

FoldSpread SpreadOf(const std::vector<Fold>& folds) {
  FoldSpread spread{.mean = 0, .lowest = 1, .highest = 0};
  for (const Fold& fold : folds) {
    spread.mean += fold.in_int8.accuracy / static_cast<double>(folds.size());
    spread.lowest = std::min(spread.lowest, fold.in_int8.accuracy);
    spread.highest = std::max(spread.highest, fold.in_int8.accuracy);
  }
  return spread;
}

Expected<CrossValidation> CrossValidate(const TrainingOptions& options, const FoldOptions& folds,
                                        const EventCallback& on_event) {
  const auto name_error = [&](const Error& error) {
    return Error{error.status, options.data.folder + ": " + error.message};
  };
  THIMBLE_ASSIGN(Data whole, ReadData(options.data, &PrepareWhole, on_event));
  auto dealt = folds.each ? dataset::FindGroups(whole.set, *folds.each)
                          : dataset::DealFolds(whole.set, options.data.split.by, folds.count, options.data.split.seed);
  if (!dealt) return name_error(dealt.error());
  const dataset::Groups& groups = *dealt;
  const size_t count = groups.names.size();
  if (count < 2) {
    return {Status::kInvalidArgument,
            options.data.folder + ": all recordings are of '" + groups.names.front() +
                "', so there is nobody else to learn from; take --folds, or record with another one"};
  }

  CrossValidation validation;
  std::vector<std::optional<Expected<Answers>>> answers(count);
  {
    Step step(on_event, "folds", std::to_string(count) + " trainings, each without a part of the recordings");
    Board board(step, count);
    std::atomic<size_t> next = 0;
    std::atomic<bool> failed = false;
    const auto work = [&] {
      for (size_t fold; !failed && (fold = next++) < count;) {
        answers[fold] = Answer(whole, options, groups, fold,
                               [&, fold](double share) { return !failed && board.Tell(fold, share); });
        if (!answers[fold]->ok()) failed = true;
      }
    };
    std::vector<std::thread> threads;
    for (int job = 1; job < std::min(folds.jobs, static_cast<int>(count)); ++job) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (board.stopped()) return {Status::kCancelled, "stopped while folds were training; nothing was written"};
    // Of several errors that of the first fold, whichever thread came first; one that others' end caused is none.
    for (const auto& answer : answers) {
      if (answer && !answer->ok() && answer->error().status != Status::kCancelled) return answer->error();
    }
    for (const auto& answer : answers) validation.folds.push_back((*answer)->fold);
    step.End("int8 " + Text(SpreadOf(validation.folds)));
  }

  const std::vector<std::string> labels = whole.labels;
  THIMBLE_ASSIGN(validation.result, TrainOn(std::move(whole), options, on_event));
  TrainingResult& result = validation.result;
  result.data.testing = result.data.training;
  result.data.testing.windows.clear();
  for (const auto& answer : answers) {
    Append(result.data.testing.windows, (*answer)->windows);
    Append(result.int8_test.scores, (*answer)->int8_scores);
    Append(result.float_test.scores, (*answer)->float_scores);
  }
  result.testing = {};
  std::vector<int>& truths = result.testing.labels;
  std::vector<int>& recordings = result.testing.groups;
  for (const dataset::WindowPlace& place : result.data.testing.windows) {
    const std::string& label = result.data.set.recordings[place.recording].label;
    truths.push_back(static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin()));
    recordings.push_back(static_cast<int>(place.recording));
  }
  const auto classes = static_cast<int>(labels.size());
  for (Judged* judged : {&result.int8_test, &result.float_test}) {
    judged->evaluation = trainer::Evaluate(truths, trainer::Decide(judged->scores, classes), recordings, classes);
  }
  THIMBLE_ASSIGN(const trainer::LabelSuspects suspects,
                 trainer::FindLabelSuspects(result.int8_test.scores, truths, recordings, classes));
  for (const trainer::RecordingSuspect& suspect : suspects.recordings) {
    validation.suspects.push_back({.file = result.data.set.recordings[static_cast<size_t>(suspect.group)].file,
                                   .label = labels[static_cast<size_t>(suspect.label)],
                                   .likely = labels[static_cast<size_t>(suspect.likely)],
                                   .windows = suspect.rows,
                                   .suspect_windows = suspect.suspect_rows});
  }
  return validation;
}

}  // namespace thimble::studio
