// A page that looks at what a device senses: readings and judgements as server-sent events.
#ifndef THIMBLE_STUDIO_SERVER_LIVE_LIVE_PAGE_H_
#define THIMBLE_STUDIO_SERVER_LIVE_LIVE_PAGE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/message.h"
#include "studio/server/live/live_impulse.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {

/// The events are those of docs/formats/live.md. A page that does not take them misses some, and is told how many.
class LivePage final : public LiveFollower {
 public:
  /// With an impulse, a thread of its own judges the signal; nobody else waits for it.
  LivePage(std::shared_ptr<http::ByteStream> stream, std::optional<LiveImpulse> impulse);
  ~LivePage() override;
  LivePage(const LivePage&) = delete;
  LivePage& operator=(const LivePage&) = delete;

  bool open() const override { return stream_->open(); }
  void Began() override;
  void Stopped(const std::string& why) override;
  void Heard(const LiveReadings& readings, const std::vector<LiveVerdict>& verdicts) override;

 private:
  void Tell(const LiveJudgement& judgement, const compiler::ImpulseDescription& impulse);

  const std::shared_ptr<http::ByteStream> stream_;
  int64_t missed_ = 0;  ///< readings that the page did not take

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<LiveReadings> waiting_;  ///< to be judged
  size_t waiting_numbers_ = 0;
  std::thread judge_;  ///< last: it uses the others
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_LIVE_LIVE_PAGE_H_
