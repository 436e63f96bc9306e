#include "studio/server/notices.h"

#include <algorithm>
#include <utility>

namespace thimble::studio {

Notices::Listening::Listening(Listening&& other) noexcept
    : notices_(std::exchange(other.notices_, nullptr)), id_(other.id_) {}

Notices::Listening& Notices::Listening::operator=(Listening&& other) noexcept {
  std::swap(notices_, other.notices_);
  std::swap(id_, other.id_);
  return *this;
}

Notices::Listening::~Listening() {
  if (notices_ != nullptr) notices_->Remove(id_);
}

Notices::Listening Notices::Listen(std::function<void(const Notice&)> heard) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back({next_id_, [heard = std::move(heard)](const Notice& notice) {
                          heard(notice);
                          return true;
                        }});
  return {this, next_id_++};
}

void Notices::Follow(std::function<bool(const Notice&)> heard) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back({next_id_++, std::move(heard)});
}

void Notices::Tell(const Notice& notice) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const Listener& listener) { return !listener.heard(notice); });
}

void Notices::Remove(int64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [id](const Listener& listener) { return listener.id == id; });
}

}  // namespace thimble::studio
