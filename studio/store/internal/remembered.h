// Answers of the database that are asked for again and again, kept for a moment.
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_REMEMBERED_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_REMEMBERED_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace thimble::studio::internal {

/// Keeps answers until something changes that they say, which whoever changes it tells by Forget; and at most a second,
/// for what is changed from elsewhere. Errors are not kept. Thread-safe.
template <typename Answer>
class Remembered {
 public:
  /// `ask` goes to the database.
  template <typename Ask>
  Expected<Answer> Get(std::string_view question, Ask ask) {
    uint64_t changes = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = kept_.find(question);
      if (found != kept_.end() && Clock::now() < found->second.second) return found->second.first;
      changes = changes_;
    }
    Expected<Answer> answer = ask();
    if (!answer.ok()) return answer;
    const std::lock_guard lock(mutex_);
    if (changes != changes_) return answer;  // it may be what was there before
    if (kept_.size() >= kMost) kept_.clear();
    kept_.insert_or_assign(std::string(question), std::pair(*answer, Clock::now() + kFor));
    return answer;
  }

  void Forget() {
    const std::lock_guard lock(mutex_);
    ++changes_;
    kept_.clear();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kFor{1};
  static constexpr size_t kMost = 1000;

  std::mutex mutex_;
  uint64_t changes_ = 0;
  std::map<std::string, std::pair<Answer, Clock::time_point>, std::less<>> kept_;
};

}  // namespace thimble::studio::internal

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_REMEMBERED_H_
