// Store: the data set.
#include <algorithm>
#include <array>

#include "studio/store/internal/state.h"

namespace thimble::studio {
namespace {

using internal::Connection;
using internal::Row;
using internal::Value;
using internal::Values;

struct Condition {
  std::string where;  ///< "WHERE …"
  Values values;
};

/// What LIKE takes for itself, as a plain text.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') escaped += '!';
    escaped += c;
  }
  return escaped;
}

Condition ConditionOf(int64_t project_id, const SampleFilter& filter) {
  Condition condition{"WHERE project_id = ? AND snapshot = ?", {project_id, filter.snapshot}};
  const auto add = [&](std::string_view text, Value value) {
    condition.where += text;
    condition.values.push_back(std::move(value));
  };
  if (filter.label) add(" AND label = ?", *filter.label);
  if (filter.category) add(" AND category = ?", *filter.category);
  if (filter.device_id) add(" AND device_id = ?", *filter.device_id);
  if (filter.enabled) add(" AND enabled = ?", *filter.enabled);
  if (filter.min_length_ms) add(" AND length_ms >= ?", *filter.min_length_ms);
  if (filter.max_length_ms) add(" AND length_ms <= ?", *filter.max_length_ms);
  if (!filter.name_contains.empty()) {
    add(" AND lower(name) LIKE lower(?) ESCAPE '!'", "%" + Escaped(filter.name_contains) + "%");
  }
  return condition;
}

int64_t ApplyEdit(Connection& connection, const Condition& condition, SampleEdit edit, std::string_view text) {
  Values values;
  std::string sql;
  switch (edit) {
    case SampleEdit::kRelabel:
      sql = "label = ?";
      values.emplace_back(text);
      break;
    case SampleEdit::kMove:
      sql = "category = ?";
      values.emplace_back(text);
      break;
    case SampleEdit::kEnable:
      sql = "enabled = 1";
      break;
    case SampleEdit::kDisable:
      sql = "enabled = 0";
      break;
    case SampleEdit::kDelete:
      return connection.Execute("DELETE FROM samples " + condition.where, condition.values);
  }
  values.insert(values.end(), condition.values.begin(), condition.values.end());
  return connection.Execute("UPDATE samples SET version = version + 1, " + sql + " " + condition.where, values);
}

int64_t ApplyEdit(Connection& connection, int64_t project_id, std::span<const int64_t> ids, SampleEdit edit,
                  std::string_view text) {
  // Always as many marks, so that one prepared statement serves all; the last ones are filled up with 0, no id.
  constexpr size_t kAtOnce = 100;
  std::string marks = "?";
  for (size_t i = 1; i < kAtOnce; ++i) marks += ", ?";
  int64_t changed = 0;
  for (size_t first = 0; first < ids.size(); first += kAtOnce) {
    Condition condition{"WHERE project_id = ? AND snapshot = 0 AND id IN (" + marks + ")", {project_id}};
    for (size_t i = 0; i < kAtOnce; ++i) {
      condition.values.emplace_back(first + i < ids.size() ? ids[first + i] : int64_t{0});
    }
    changed += ApplyEdit(connection, condition, edit, text);
  }
  return changed;
}

/// The sample as that stretch of itself.
Expected<Sample> PartOf(const Sample& whole, const Stretch& stretch) {
  if (stretch.first < 0 || stretch.count < 1 || stretch.first > whole.values_count - stretch.count) {
    return {Status::kInvalidArgument, Named("sample", whole.id) + " has " + std::to_string(whole.values_count) +
                                          " readings: there are no " + std::to_string(stretch.count) + " from " +
                                          std::to_string(stretch.first) + " on"};
  }
  Sample part = whole;
  part.part_of = whole.part_of ? whole.part_of : Reference(whole.id);
  part.first_value = whole.first_value + stretch.first;
  part.values_count = stretch.count;
  part.length_ms = whole.interval_ms * static_cast<double>(stretch.count);
  part.label = stretch.label.value_or(whole.label);
  part.structured_labels = stretch.structured_labels.value_or(whole.structured_labels);
  // Parts of equal content that were cut in the same way are equal.
  part.content_hash =
      Sha256(whole.content_hash + " " + std::to_string(stretch.first) + " " + std::to_string(stretch.count));
  return part;
}

constexpr size_t kFullGroup = 256;

}  // namespace

Expected<std::vector<AddSampleResult>> Store::State::InsertSamples(std::span<WaitingSample* const> group) {
  return database->Write([&](Connection& connection) -> Expected<std::vector<AddSampleResult>> {
    std::vector<AddSampleResult> results(group.size());
    std::vector<const Sample*> gathered;
    std::vector<size_t> places;
    const auto insert = [&] {
      const std::vector<int64_t> ids = internal::InsertAll<Sample>(connection, gathered);
      for (size_t i = 0; i < ids.size(); ++i) results[places[i]].id = ids[i];
      gathered.clear(), places.clear();
    };
    for (size_t i = 0; i < group.size(); ++i) {
      const Sample& sample = group[i]->sample.sample;
      if (group[i]->sample.refuse_duplicate) {
        insert();  // they may be what it repeats
        results[i].duplicate_of =
            connection
                .Integer("SELECT min(id) FROM samples WHERE project_id = ? AND snapshot = 0 AND content_hash = ?",
                         {sample.project_id, sample.content_hash})
                .value_or(0);
        if (results[i].duplicate_of != 0) continue;
      }
      gathered.push_back(&sample);
      places.push_back(i);
    }
    insert();
    return results;
  });
}

bool Store::State::PublishGroup(std::span<WaitingSample* const> group) {
  std::vector<StagedBlob*> contents;
  for (WaitingSample* one : group) contents.push_back(&one->sample.content);
  const Outcome published = blobs->Publish(contents);
  if (published.ok()) return true;
  const std::lock_guard lock(mutex);
  for (WaitingSample* one : group) one->result.emplace(published.error());
  return false;
}

void Store::State::InsertGroup(std::span<WaitingSample* const> group) {
  const auto insert = [&](std::span<WaitingSample* const> some) {
    const Expected<std::vector<AddSampleResult>> results = InsertSamples(some);
    if (!results.ok()) return results;
    const std::lock_guard lock(mutex);
    for (size_t i = 0; i < some.size(); ++i) some[i]->result.emplace((*results)[i]);
    return results;
  };
  if (insert(group).ok()) return;
  // One bad row must not spoil its neighbours'.
  for (WaitingSample* one : group) {
    if (const auto result = insert({&one, 1}); !result.ok()) {
      const std::lock_guard lock(mutex);
      one->result.emplace(result.error());
    }
  }
}

std::vector<Expected<AddSampleResult>> Store::AddSamples(std::vector<NewSample> samples) {
  std::vector<WaitingSample> mine;
  mine.reserve(samples.size());
  for (NewSample& sample : samples) {
    sample.sample.snapshot = 0;
    sample.sample.created_ms = Now();
    sample.sample.blob = sample.content.hash();
    sample.sample.bytes = sample.content.bytes();
    if (sample.sample.content_hash.empty()) sample.sample.content_hash = sample.sample.blob;
    mine.push_back({std::move(sample), std::nullopt});
  }
  const auto done = [&] {
    return std::all_of(mine.begin(), mine.end(), [](const WaitingSample& one) { return one.result.has_value(); });
  };
  std::unique_lock lock(state_->mutex);
  for (WaitingSample& one : mine) state_->waiting.push_back(&one);
  if (!mine.empty()) mine.back().ends_call = true;
  // Whoever finds nobody publishing takes what has gathered, makes it durable and then visible. The next group gathers
  // meanwhile, and is published while this one's rows are written. Bytes first: a row never refers to what may vanish.
  while (!done()) {
    if (state_->publishing || state_->waiting.empty()) {
      state_->changed.wait(lock);
      continue;
    }
    state_->publishing = true;
    // What came together stays together, so that a kill leaves all of a form or nothing.
    size_t count = 0;
    while (count < state_->waiting.size() && (count < kFullGroup || !state_->waiting[count - 1]->ends_call)) {
      ++count;
    }
    const auto end = state_->waiting.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<WaitingSample*> group(state_->waiting.begin(), end);
    state_->waiting.erase(state_->waiting.begin(), end);
    lock.unlock();
    const bool published = state_->PublishGroup(group);
    lock.lock();
    state_->publishing = false;
    state_->changed.notify_all();
    if (!published) continue;
    state_->changed.wait(lock, [&] { return !state_->inserting; });
    state_->inserting = true;
    lock.unlock();
    state_->InsertGroup(group);
    lock.lock();
    state_->inserting = false;
    state_->changed.notify_all();
  }
  lock.unlock();
  std::vector<Expected<AddSampleResult>> results;
  results.reserve(mine.size());
  for (WaitingSample& one : mine) results.push_back(*std::move(one.result));
  return results;
}

Expected<AddSampleResult> Store::AddSample(Sample sample, std::string_view content, bool refuse_duplicate) {
  THIMBLE_ASSIGN(StagedBlob staged, state_->blobs->Stage(content));
  std::vector<NewSample> one;
  one.push_back({std::move(sample), std::move(staged), refuse_duplicate});
  return std::move(AddSamples(std::move(one)).front());
}

Expected<Sample> Store::GetSample(int64_t project_id, int64_t id) {
  return state_->One<Sample>("WHERE project_id = ? AND id = ?", {project_id, id}, Named("sample", id));
}

Expected<Page<Sample>> Store::ListSamples(int64_t project_id, const SampleFilter& filter, const Paging& paging) {
  Condition condition = ConditionOf(project_id, filter);
  return state_->ListPage<Sample>(std::move(condition.where), std::move(condition.values), paging);
}

Expected<int64_t> Store::CountSamples(int64_t project_id, const SampleFilter& filter) {
  const Condition condition = ConditionOf(project_id, filter);
  return state_->database->Read([&](Connection& connection) -> Expected<int64_t> {
    return connection.Integer("SELECT count(*) FROM samples " + condition.where, condition.values).value_or(0);
  });
}

Expected<std::vector<SampleCount>> Store::CountLabels(int64_t project_id) {
  return state_->database->Read([&](Connection& connection) -> Expected<std::vector<SampleCount>> {
    std::vector<SampleCount> counts;
    connection.Query(
        "SELECT category, label, count(*), sum(enabled), sum(length_ms * enabled) FROM samples "
        "WHERE project_id = ? AND snapshot = 0 GROUP BY category, label ORDER BY category, label",
        {project_id}, "ttiid", [&](const Row& row) {
          counts.push_back({row[0].text, row[1].text, row[2].integer, row[3].integer, row[4].real});
        });
    return counts;
  });
}

Expected<std::vector<Sample>> Store::FindDuplicates(int64_t project_id, std::string_view content_hash) {
  return state_->List<Sample>("WHERE project_id = ? AND snapshot = 0 AND content_hash = ? ORDER BY id",
                              {project_id, content_hash});
}

Expected<std::optional<int64_t>> Store::UpdateSample(const Sample& sample) { return state_->Change(sample); }

Expected<int64_t> Store::EditSamples(int64_t project_id, std::span<const int64_t> ids, SampleEdit edit,
                                     std::string_view text) {
  return state_->database->Write(
      [&](Connection& connection) -> Expected<int64_t> { return ApplyEdit(connection, project_id, ids, edit, text); });
}

Expected<int64_t> Store::EditSamples(int64_t project_id, const SampleFilter& filter, SampleEdit edit,
                                     std::string_view text) {
  SampleFilter of_data_set = filter;
  of_data_set.snapshot = 0;  // project versions never change
  return state_->database->Write([&](Connection& connection) -> Expected<int64_t> {
    return ApplyEdit(connection, ConditionOf(project_id, of_data_set), edit, text);
  });
}

Expected<int64_t> Store::MoveSamples(int64_t project_id, std::span<const int64_t> to_training,
                                     std::span<const int64_t> to_testing) {
  return state_->database->Write([&](Connection& connection) -> Expected<int64_t> {
    return ApplyEdit(connection, project_id, to_training, SampleEdit::kMove, "training") +
           ApplyEdit(connection, project_id, to_testing, SampleEdit::kMove, "testing");
  });
}

Expected<std::optional<int64_t>> Store::CropSample(const Sample& sample, const Stretch& stretch) {
  THIMBLE_ASSIGN(Sample part, PartOf(sample, stretch));
  part.part_of = sample.part_of;
  return state_->Change(part);
}

Expected<std::optional<std::vector<int64_t>>> Store::SplitSample(const Sample& sample,
                                                                 std::span<const Stretch> stretches) {
  std::vector<Sample> parts;
  for (const Stretch& stretch : stretches) {
    THIMBLE_ASSIGN(Sample part, PartOf(sample, stretch));
    part.name += ".s" + std::to_string(parts.size() + 1);
    part.created_ms = Now();
    part.version = 1;
    parts.push_back(std::move(part));
  }
  using Ids = std::optional<std::vector<int64_t>>;
  return state_->database->Write([&](Connection& connection) -> Expected<Ids> {
    if (connection.Execute("DELETE FROM samples WHERE id = ? AND version = ?", {sample.id, sample.version}) == 0) {
      return Ids();
    }
    Ids ids(std::in_place);
    for (const Sample& part : parts) ids->push_back(internal::Insert(connection, part));
    return ids;
  });
}

}  // namespace thimble::studio
