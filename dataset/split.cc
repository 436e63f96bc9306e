#include "dataset/split.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "dataset/duplicates.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

using ByLabel = std::map<std::string, std::vector<Recording*>>;

ByLabel GroupByLabel(std::vector<Recording>& recordings) {
  ByLabel by_label;
  for (Recording& recording : recordings) by_label[recording.label].push_back(&recording);
  return by_label;
}

uint64_t Lot(uint64_t seed, const Recording& recording) {
  const uint64_t parts[] = {seed, ContentHash(recording)};
  return Fnv1a(std::as_bytes(std::span(parts)));
}

Outcome CheckAuthorsSplit(const ByLabel& by_label, std::vector<std::string>& notices) {
  for (const auto& [label, recordings] : by_label) {
    const auto in = [](Category category) { return [=](const Recording* r) { return r->category == category; }; };
    const bool trained = std::any_of(recordings.begin(), recordings.end(), in(Category::kTraining));
    const bool tested = std::any_of(recordings.begin(), recordings.end(), in(Category::kTesting));
    if (tested && !trained) {
      return {Status::kInvalidArgument, "label " + Quote(label) + " is in testing but not in training (" +
                                            recordings.front()->file +
                                            "): nothing could learn it; move some of its recordings to training"};
    }
    if (trained && !tested) {
      notices.push_back("label " + Quote(label) +
                        " is in training but not in testing: how well it is recognised will not be measured");
    }
  }
  return Nothing{};
}

Outcome CheckTwoOfEach(const ByLabel& by_label) {
  for (const auto& [label, recordings] : by_label) {
    if (recordings.size() < 2) {
      return {Status::kInvalidArgument,
              "label " + Quote(label) + " has only one recording (" + recordings.front()->file +
                  "): it cannot both train and test; record it again, or cut long files with --readings-per-recording"};
    }
  }
  return Nothing{};
}

Outcome DrawLots(const ByLabel& by_label, const SplitOptions& options) {
  THIMBLE_EXPECT(CheckTwoOfEach(by_label));
  for (const auto& [label, recordings] : by_label) {
    std::vector<std::tuple<uint64_t, std::string, Recording*>> lots;
    for (Recording* recording : recordings)
      lots.emplace_back(Lot(options.seed, *recording), recording->file, recording);
    std::sort(lots.begin(), lots.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    const auto wanted = static_cast<size_t>(std::llround(options.testing_share * static_cast<double>(lots.size())));
    const size_t testing = std::clamp<size_t>(wanted, 1, lots.size() - 1);
    for (size_t i = 0; i < lots.size(); ++i) {
      std::get<2>(lots[i])->category = i < testing ? Category::kTesting : Category::kTraining;
    }
  }
  return Nothing{};
}

// --- groups ----------------------------------------------------------------------------------------------------------

constexpr char kSplitByHelp[] =
    "say author, recording, folder, order, time, or how names tell the group: speaker:{digit}_{speaker}_{index}, or a "
    "regular expression such as session:(s[0-9]+)_; and behind it, if you like, what tests: order=30%, "
    "speaker:{digit}_{speaker}_{index}=theo,lucas, or numbers as 0..4";

/// A template as a regular expression: {GROUP} becomes the parenthesis, other fields anything, all else itself.
std::string ExpressionOf(std::string_view pattern, std::string_view group) {
  std::string expression = "(?:^|/)";
  while (!pattern.empty()) {
    const size_t end = pattern.front() == '{' ? pattern.find('}') : std::string_view::npos;
    if (end != std::string_view::npos) {
      expression += pattern.substr(1, end - 1) == group ? "([^/]+?)" : "[^/]+?";
      pattern.remove_prefix(end + 1);
      continue;
    }
    if (std::string_view("^$\\.*+?()[]{}|").find(pattern.front()) != std::string_view::npos) expression += '\\';
    expression += pattern.front();
    pattern.remove_prefix(1);
  }
  return expression + "(?:\\.[^./]*)?$";
}

/// std::regex reports by exceptions, which end here.
std::optional<std::regex> Compile(const std::string& expression) {
  try {
    return std::regex(expression);
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

std::optional<std::string> GroupIn(const std::string& file, const std::regex& expression) {
  try {
    std::smatch match;
    if (std::regex_search(file, match, expression) && match[1].length() > 0) return match[1].str();
  } catch (const std::regex_error&) {  // too complex for a name of this length: the same as no match
  }
  return std::nullopt;
}

/// Digits compare by their value, so that wave.10 comes after wave.9.
bool ComesBefore(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto take_number = [&](std::string_view& text) {
    size_t length = 0;
    while (length < text.size() && is_digit(text[length])) ++length;
    std::string_view number = text.substr(0, length);
    text.remove_prefix(length);
    while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
    return number;
  };
  const std::pair whole{a, b};
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view x = take_number(a);
      const std::string_view y = take_number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (a.front() != b.front()) return a.front() < b.front();
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.empty() && b.empty() ? whole.first < whole.second : a.empty();
}

/// "'a', 'b', …"
std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kMostNamed = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) text += (i == 0 ? "" : ", ") + Quote(names[i]);
  return names.size() > kMostNamed ? text + ", …" : text;
}

std::string GroupName(const SplitBy& by) { return by.kind == SplitBy::Kind::kFolder ? "folder" : by.group; }

/// Groups that were named test, all others train.
Outcome TestNamedGroups(Dataset& dataset, const SplitBy& by) {
  THIMBLE_ASSIGN(const Groups groups, FindGroups(dataset, by));
  std::set<size_t> testing;
  for (const std::string& name : by.testing) {
    const auto place = std::lower_bound(groups.names.begin(), groups.names.end(), name);
    if (place == groups.names.end() || *place != name) {
      return {Status::kInvalidArgument, "no recording is of the " + GroupName(by) + " " + Quote(name) +
                                            " that is to test; there are " + Listed(groups.names)};
    }
    testing.insert(static_cast<size_t>(place - groups.names.begin()));
  }
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    dataset.recordings[i].category = testing.contains(groups.of[i]) ? Category::kTesting : Category::kTraining;
  }
  return CheckAuthorsSplit(GroupByLabel(dataset.recordings), dataset.notices);
}

/// Whole groups by lot: one goes to testing when that brings the labels nearer to their shares.
Outcome DrawLotsOfGroups(Dataset& dataset, const SplitOptions& options) {
  THIMBLE_ASSIGN(const Groups groups, FindGroups(dataset, options.by));
  std::vector<GroupMember> members;
  std::map<std::string, std::set<size_t>> groups_of_label;
  std::vector<uint64_t> lots(groups.names.size());
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    const Recording& recording = dataset.recordings[i];
    members.push_back({groups.of[i], {recording.label}});
    groups_of_label[recording.label].insert(groups.of[i]);
    lots[groups.of[i]] += Lot(options.seed, recording);  // a sum, because the order of recordings means nothing
  }
  for (const auto& [label, of_label] : groups_of_label) {
    if (of_label.size() > 1) continue;
    return {Status::kInvalidArgument, "label " + Quote(label) + " comes from one " + GroupName(options.by) + " only (" +
                                          Quote(groups.names[*of_label.begin()]) +
                                          "): it cannot both train and test; record it with another one, or split by "
                                          "recording"};
  }
  std::vector<size_t> order(groups.names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tie(lots[a], groups.names[a]) < std::tie(lots[b], groups.names[b]);
  });
  const GroupChoice choice = ChooseTestingGroups(members, order, options.testing_share);
  if (!choice.untested.empty()) {
    return {Status::kInvalidArgument, "no choice of " + GroupName(options.by) + " lets label " +
                                          Quote(choice.untested.front()) +
                                          " both train and test; record it with more of them, or split by recording"};
  }
  std::vector<std::string> names;
  for (size_t group = 0; group < groups.names.size(); ++group) {
    if (choice.testing[group]) names.push_back(groups.names[group]);
  }
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    dataset.recordings[i].category = choice.testing[groups.of[i]] ? Category::kTesting : Category::kTraining;
  }
  dataset.notices.push_back("split by " + GroupName(options.by) + ": tested on " + Listed(names) + ", " +
                            std::to_string(names.size()) + " of " + std::to_string(groups.names.size()));
  return Nothing{};
}

/// Whole groups to folds, large ones first: each to where it brings the labels nearest to even.
std::vector<size_t> DealGroups(const Dataset& dataset, const Groups& groups, size_t folds, uint64_t seed) {
  std::map<std::string, std::vector<double>> counts;  // [label][group], recordings
  std::vector<uint64_t> lots(groups.names.size());
  std::vector<size_t> sizes(groups.names.size());
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    std::vector<double>& of_label = counts[dataset.recordings[i].label];
    of_label.resize(groups.names.size());
    ++of_label[groups.of[i]];
    lots[groups.of[i]] += Lot(seed, dataset.recordings[i]);  // a sum, because the order of recordings means nothing
    ++sizes[groups.of[i]];
  }
  std::vector<size_t> order(groups.names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tie(sizes[b], lots[a], groups.names[a]) < std::tie(sizes[a], lots[b], groups.names[b]);
  });
  std::vector<size_t> fold_of(groups.names.size());
  std::map<std::string, std::vector<double>> dealt;  // [label][fold]
  for (const size_t group : order) {
    size_t best = 0;
    double least = 0;
    for (size_t fold = 0; fold < folds; ++fold) {
      // The sum of squares is least when all folds hold as many of each label, in shares of the label.
      double cost = 0;
      for (const auto& [label, of_label] : counts) {
        std::vector<double>& of_fold = dealt[label];
        of_fold.resize(folds);
        const double all = std::accumulate(of_label.begin(), of_label.end(), 0.0);
        cost += (2 * of_fold[fold] + of_label[group]) * of_label[group] / (all * all);
      }
      if (fold == 0 || cost < least) best = fold, least = cost;
    }
    fold_of[group] = best;
    for (const auto& [label, of_label] : counts) dealt[label][best] += of_label[group];
  }
  return fold_of;
}

// --- time ------------------------------------------------------------------------------------------------------------

void SplitByOrder(const ByLabel& by_label, double testing_share) {
  for (const auto& [label, of_label] : by_label) {
    std::vector<Recording*> recordings = of_label;
    std::stable_sort(recordings.begin(), recordings.end(), [](const Recording* a, const Recording* b) {
      return a->file != b->file ? ComesBefore(a->file, b->file) : ComesBefore(a->name, b->name);
    });
    const auto wanted = static_cast<size_t>(std::llround(testing_share * static_cast<double>(recordings.size())));
    const size_t training = recordings.size() - std::clamp<size_t>(wanted, 1, recordings.size() - 1);
    for (size_t i = 0; i < recordings.size(); ++i) {
      recordings[i]->category = i < training ? Category::kTraining : Category::kTesting;
    }
  }
}

Outcome SplitByTime(Dataset& dataset, double testing_share) {
  std::vector<Recording> parts;
  for (Recording& recording : dataset.recordings) {
    if (recording.is_picture()) {
      return {Status::kInvalidArgument, recording.file + ": pictures cannot be split by time; split them by recording"};
    }
    const size_t readings = recording.readings();
    if (readings < 2) {
      return {Status::kInvalidArgument, recording.file + ": a recording of " + Count(readings, "reading", "readings") +
                                            " cannot be cut in two; remove it, or split by recording"};
    }
    const auto wanted = static_cast<size_t>(std::llround((1 - testing_share) * static_cast<double>(readings)));
    const size_t cut = std::clamp<size_t>(wanted, 1, readings - 1);
    const auto at = recording.values.begin() + static_cast<std::ptrdiff_t>(cut * recording.axes.size());
    const std::string share = Number(100 * testing_share) + " %)";
    Recording end = recording;
    end.values.assign(at, recording.values.end());
    end.name += " (last " + share;
    end.category = Category::kTesting;
    recording.values.erase(at, recording.values.end());
    recording.name += " (without the last " + share;
    recording.category = Category::kTraining;
    parts.push_back(std::move(recording));
    parts.push_back(std::move(end));
  }
  dataset.recordings = std::move(parts);
  return Nothing{};
}

}  // namespace

namespace {

/// What tests, behind the last "=" of a split: "30%", or names of groups.
Outcome ParseTesting(std::string_view text, SplitBy& by) {
  constexpr int64_t kMostNumbers = 10'000;
  const auto wrong = [&](const std::string& why) {
    return Error{Status::kInvalidArgument, "split by …=" + std::string(text) + ": " + why + "; " + kSplitByHelp};
  };
  if (text.ends_with('%')) {
    double percent = 0;
    const std::string_view digits = text.substr(0, text.size() - 1);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), percent);
    if (error != std::errc() || end != digits.end() || !(percent > 0 && percent < 100)) {
      return wrong("the share that tests lies between 0% and 100%");
    }
    if (by.kind == SplitBy::Kind::kAuthor)
      return wrong("the author has drawn the line; say recording=" + std::string(text));
    by.testing_share = percent / 100;
    return Nothing{};
  }
  if (by.kind != SplitBy::Kind::kName && by.kind != SplitBy::Kind::kFolder) {
    return wrong("names can only be given of groups and folders");
  }
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (name.empty()) continue;
    const size_t dots = name.find("..");
    int64_t first = 0, last = 0;
    const auto is_number = [](std::string_view digits, int64_t& number) {
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
      return error == std::errc() && end == digits.end();
    };
    if (dots == std::string_view::npos || !is_number(name.substr(0, dots), first) ||
        !is_number(name.substr(dots + 2), last)) {
      by.testing.emplace_back(name);
      continue;
    }
    if (first < 0 || last < first || last - first >= kMostNumbers) {
      return wrong(Quote(std::string(name)) + " does not count upwards, as 0..4 does");
    }
    for (int64_t number = first; number <= last; ++number) by.testing.push_back(std::to_string(number));
  }
  if (by.testing.empty()) return wrong("it does not say what tests");
  return Nothing{};
}

}  // namespace

Expected<SplitBy> ParseSplitBy(std::string_view text) {
  using Kind = SplitBy::Kind;
  // An "=" with a pattern's signs behind it is part of the pattern.
  if (const size_t equals = text.rfind('=');
      equals != std::string_view::npos && text.find_first_of("{}()[]", equals) == std::string_view::npos) {
    THIMBLE_ASSIGN(SplitBy by, ParseSplitBy(text.substr(0, equals)));
    THIMBLE_EXPECT(ParseTesting(text.substr(equals + 1), by));
    return by;
  }
  constexpr std::pair<std::string_view, Kind> kWords[] = {{"author", Kind::kAuthor},
                                                          {"recording", Kind::kRecording},
                                                          {"folder", Kind::kFolder},
                                                          {"order", Kind::kOrder},
                                                          {"time", Kind::kTime}};
  for (const auto& [word, kind] : kWords) {
    if (text == word) return SplitBy{.kind = kind};
  }
  const auto wrong = [&](const std::string& why) {
    return Error{Status::kInvalidArgument, "split by " + Quote(text) + ": " + why + "; " + kSplitByHelp};
  };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return wrong("there is no such way");
  const std::string_view group = Trim(text.substr(0, colon));
  const std::string_view pattern = text.substr(colon + 1);
  if (group.empty() || pattern.empty()) return wrong("the name of the group or the pattern is missing");
  SplitBy by{.kind = Kind::kName, .group = std::string(group), .pattern = std::string(pattern)};
  const bool is_template = pattern.find("{" + by.group + "}") != std::string_view::npos;
  by.regular_expression = is_template ? ExpressionOf(pattern, group) : by.pattern;
  const std::optional<std::regex> expression = Compile(by.regular_expression);
  if (!expression) return wrong("the pattern is not a regular expression");
  if (expression->mark_count() == 0) {
    return wrong("the pattern holds neither {" + by.group + "} nor a parenthesis, so no group can be told from it");
  }
  return by;
}

GroupChoice ChooseTestingGroups(std::span<const GroupMember> members, std::span<const size_t> order,
                                double testing_share) {
  std::map<std::string, size_t> index;
  for (const GroupMember& member : members) {
    for (const std::string& label : member.labels) index[label] = 0;
  }
  std::vector<std::string> labels;
  for (auto& [label, number] : index) {
    number = labels.size();
    labels.push_back(label);
  }
  std::vector<std::map<size_t, size_t>> counts(order.size());  // [group][label], recordings
  std::vector<size_t> left(labels.size());                     // recordings that each label has in training
  for (const GroupMember& member : members) {
    for (const std::string& label : member.labels) {
      ++counts[member.group][index[label]];
      ++left[index[label]];
    }
  }
  std::vector<double> missing;  // recordings that each label's testing part still lacks
  for (const size_t count : left) missing.push_back(testing_share * static_cast<double>(count));

  GroupChoice choice;
  choice.testing.resize(order.size());
  std::vector<bool> tested(labels.size());
  const auto take = [&](size_t group) {
    choice.testing[group] = true;
    for (const auto& [label, count] : counts[group]) {
      missing[label] -= static_cast<double>(count);
      left[label] -= count;
      tested[label] = true;
    }
  };
  const auto empties_a_label = [&](size_t group) {
    return std::any_of(counts[group].begin(), counts[group].end(),
                       [&](const auto& entry) { return left[entry.first] == entry.second; });
  };
  for (const size_t group : order) {
    if (empties_a_label(group)) continue;
    double gain = 0;
    for (const auto& [label, count] : counts[group]) {
      const double after = missing[label] - static_cast<double>(count);
      gain += std::abs(missing[label]) - std::abs(after);
    }
    if (gain > 0) take(group);
  }
  // A label that got nothing: the smallest group that has it, even beyond its share.
  std::vector<std::vector<size_t>> groups_of(labels.size());
  for (const size_t group : order) {
    for (const auto& [label, count] : counts[group]) groups_of[label].push_back(group);
  }
  for (size_t label = 0; label < labels.size(); ++label) {
    if (tested[label]) continue;
    std::optional<size_t> smallest;
    for (const size_t group : groups_of[label]) {
      if (empties_a_label(group)) continue;
      if (!smallest || counts[group][label] < counts[*smallest][label]) smallest = group;
    }
    if (smallest) {
      take(*smallest);
    } else {
      choice.untested.push_back(labels[label]);
    }
  }
  return choice;
}

Expected<Groups> FindGroups(const Dataset& dataset, const SplitBy& by) {
  std::optional<std::regex> expression;
  if (by.kind == SplitBy::Kind::kName) {
    expression = Compile(by.regular_expression);
    if (!expression)
      return {Status::kInvalidArgument, "the pattern " + Quote(by.pattern) + " is no regular expression"};
  }
  std::vector<std::string> names;
  for (const Recording& recording : dataset.recordings) {
    const std::string& file = recording.file;
    if (by.kind == SplitBy::Kind::kFolder) {
      const size_t slash = file.rfind('/');
      names.push_back(slash == std::string::npos ? "." : file.substr(0, slash));
    } else if (expression) {
      std::optional<std::string> name = GroupIn(file, *expression);
      if (!name) {
        return {Status::kInvalidArgument, file + ": the name does not say which " + by.group + " it is of (pattern " +
                                              Quote(by.pattern) + "); rename the file or change the pattern"};
      }
      names.push_back(*std::move(name));
    } else {
      names.push_back(file);
    }
  }
  Groups groups;
  groups.names = names;
  if (by.kind != SplitBy::Kind::kFolder && by.kind != SplitBy::Kind::kName) {
    groups.of.resize(names.size());  // each recording for itself, pieces of one file too
    std::iota(groups.of.begin(), groups.of.end(), size_t{0});
    return groups;
  }
  std::sort(groups.names.begin(), groups.names.end());
  groups.names.erase(std::unique(groups.names.begin(), groups.names.end()), groups.names.end());
  for (const std::string& name : names) {
    const auto place = std::lower_bound(groups.names.begin(), groups.names.end(), name);
    groups.of.push_back(static_cast<size_t>(place - groups.names.begin()));
  }
  return groups;
}

Outcome LeaveOut(Dataset& dataset, const Groups& groups, size_t group) {
  ByLabel by_label;
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    Recording& recording = dataset.recordings[i];
    recording.category = recording.label.empty() ? Category::kUnassigned
                         : groups.of[i] == group ? Category::kTesting
                                                 : Category::kTraining;
    if (!recording.label.empty()) by_label[recording.label].push_back(&recording);
  }
  std::vector<std::string> ignored;  // that the group lacks a label is nothing to worry about
  return CheckAuthorsSplit(by_label, ignored);
}

Expected<Groups> DealFolds(const Dataset& dataset, const SplitBy& by, int folds, uint64_t seed) {
  const auto wrong = [&](const std::string& why) {
    return Error{Status::kInvalidArgument,
                 Count(static_cast<size_t>(std::max(folds, 0)), "fold", "folds") + ": " + why};
  };
  if (folds < 2) return wrong("at least two are needed, so that each is judged by what the others taught");
  if (by.kind == SplitBy::Kind::kOrder || by.kind == SplitBy::Kind::kTime) {
    return wrong("parts by order or time are no groups to leave out; take recordings, folders, or what names tell");
  }
  THIMBLE_ASSIGN(const Groups groups, FindGroups(dataset, by));
  const auto count = static_cast<size_t>(folds);
  if (groups.names.size() < count) {
    return wrong("there are only " + std::to_string(groups.names.size()) + "; take fewer folds");
  }
  Groups dealt;
  for (size_t fold = 1; fold <= count; ++fold) dealt.names.push_back(std::to_string(fold));
  dealt.of.resize(dataset.recordings.size());
  if (by.kind == SplitBy::Kind::kFolder || by.kind == SplitBy::Kind::kName) {
    const std::vector<size_t> fold_of = DealGroups(dataset, groups, count, seed);
    for (size_t i = 0; i < dealt.of.size(); ++i) dealt.of[i] = fold_of[groups.of[i]];
    return dealt;
  }
  std::map<std::string, std::vector<std::pair<uint64_t, size_t>>> lots;  // [label]
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    lots[dataset.recordings[i].label].emplace_back(Lot(seed, dataset.recordings[i]), i);
  }
  size_t turn = 0;  // runs on from label to label, so that folds are of one size
  for (auto& [label, of_label] : lots) {
    if (of_label.size() < 2) {
      return wrong("label " + Quote(label) +
                   " has only one recording, so nothing could learn it where it is left out; "
                   "record it again, or cut long files with --readings-per-recording");
    }
    std::sort(of_label.begin(), of_label.end(), [&](const auto& a, const auto& b) {
      return std::tie(a.first, dataset.recordings[a.second].file) <
             std::tie(b.first, dataset.recordings[b.second].file);
    });
    for (const auto& [lot, index] : of_label) dealt.of[index] = turn++ % count;
  }
  return dealt;
}

Outcome Split(Dataset& dataset, const SplitOptions& asked) {
  SplitOptions options = asked;
  if (options.by.testing_share > 0) options.testing_share = options.by.testing_share;
  if (!(options.testing_share > 0 && options.testing_share < 1)) {
    return {Status::kInvalidArgument,
            "a testing share of " + Number(options.testing_share) + " is impossible; it lies between 0 and 1"};
  }
  std::vector<Recording>& recordings = dataset.recordings;
  const auto has_no_label = [](const Recording& recording) { return recording.label.empty(); };
  const size_t unlabelled = std::erase_if(recordings, has_no_label);
  if (recordings.empty()) {
    return {Status::kInvalidArgument,
            "none of the recordings has a label; name the files label.number.ending or put them in a folder per label"};
  }
  if (unlabelled > 0) {
    dataset.notices.push_back(Count(unlabelled, "recording has", "recordings have") + " no label, left out");
  }

  switch (options.by.kind) {
    case SplitBy::Kind::kAuthor:
      break;
    case SplitBy::Kind::kRecording:
      return DrawLots(GroupByLabel(recordings), options);
    case SplitBy::Kind::kFolder:
    case SplitBy::Kind::kName:
      return options.by.testing.empty() ? DrawLotsOfGroups(dataset, options) : TestNamedGroups(dataset, options.by);
    case SplitBy::Kind::kOrder: {
      const ByLabel by_label = GroupByLabel(recordings);
      THIMBLE_EXPECT(CheckTwoOfEach(by_label));
      SplitByOrder(by_label, options.testing_share);
      return Nothing{};
    }
    case SplitBy::Kind::kTime:
      return SplitByTime(dataset, options.testing_share);
  }

  size_t counts[3] = {};
  for (const Recording& recording : recordings) ++counts[static_cast<size_t>(recording.category)];
  const auto [unassigned, training, testing] = counts;
  if (testing == recordings.size()) {
    return {Status::kInvalidArgument, "all recordings are marked testing; move some of each label to training"};
  }
  if (testing > 0) {
    if (training == 0) {
      for (Recording& recording : recordings) {
        if (recording.category == Category::kUnassigned) recording.category = Category::kTraining;
      }
      dataset.notices.push_back("the author chose the recordings for testing; the " + std::to_string(unassigned) +
                                " others are for training");
    } else if (unassigned > 0) {
      std::erase_if(recordings, [](const Recording& recording) { return recording.category == Category::kUnassigned; });
      dataset.notices.push_back(Count(unassigned, "recording that is", "recordings that are") +
                                " neither in training nor in testing left out; move them to one of the two");
    }
    return CheckAuthorsSplit(GroupByLabel(recordings), dataset.notices);
  }
  THIMBLE_EXPECT(DrawLots(GroupByLabel(recordings), options));
  if (training > 0) {
    dataset.notices.push_back("no recording is marked testing: " + Number(100 * options.testing_share) +
                              " % of each label's recordings are set aside for it");
  }
  return Nothing{};
}

}  // namespace thimble::dataset
