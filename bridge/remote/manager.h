// The bridge at work: says hello to a studio, records when it asks, and brings it the recordings, whatever goes wrong.
#ifndef THIMBLE_BRIDGE_REMOTE_MANAGER_H_
#define THIMBLE_BRIDGE_REMOTE_MANAGER_H_

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "bridge/capture.h"
#include "bridge/remote/envelope.h"
#include "bridge/remote/ingestion.h"
#include "bridge/remote/live_signal.h"
#include "bridge/remote/messages.h"
#include "bridge/remote/spool.h"
#include "http/websocket_client.h"

namespace thimble::bridge {

using http::MessageSocket;
using http::SocketEvent;

/// What happened, for a person and for scripts. Texts hold no secrets.
struct BridgeEvent {
  enum class Kind : uint8_t {
    kConnecting,
    kConnected,     ///< the studio has accepted the hello
    kDisconnected,  ///< `text` says why and when it is tried again
    kRequested,     ///< `label`, `length_ms`
    kProgress,      ///< `fraction` of the recording
    kRecorded,      ///< `readings`, `lost`, `rate_hz`
    kStored,        ///< `text`: what the studio calls it
    kKept,          ///< the server is away; it will be sent later
    kRefused,       ///< the server does not want it
    kFailed,        ///< nothing was recorded
    kNotice,
  };
  Kind kind = Kind::kNotice;
  std::string text;
  std::string label;
  double length_ms = 0;
  double fraction = 0;
  size_t readings = 0;
  uint64_t lost = 0;
  double rate_hz = 0;
  size_t waiting = 0;  ///< recordings that are still to be sent
};

/// "connecting", "stored" and so on.
const char* KindName(BridgeEvent::Kind kind);

struct ManagerOptions {
  Hello hello;
  Encoding encoding = Encoding::kCbor;         ///< of the session
  Encoding upload_encoding = Encoding::kCbor;  ///< of recordings
  std::string hmac_key;
  std::string studio;  ///< for people: "wss://remote-mgmt.edgeimpulse.com/"
  std::vector<std::string> secrets;
  uint64_t stop_after = 0;  ///< recordings; 0: never
  int hello_timeout_ms = 10'000;
  int first_wait_ms = 1'000, longest_wait_ms = 60'000;
  int steady_ms = 30'000;      ///< a connection that lasted so long was a good one: waits begin anew
  int tries_before_kept = 3;   ///< failed uploads after which the studio is told that it comes later ...
  int kept_after_ms = 20'000;  ///< ... or so much time
};

/// Everything outside, so that tests can be it.
struct ManagerWorld {
  std::function<int64_t()> now_ms;  ///< a clock that never jumps
  std::function<int64_t()> unix_s;  ///< the calendar's
  std::function<double()> chance;   ///< 0 to 1
  std::function<std::unique_ptr<MessageSocket>()> open;
  std::function<std::future<UploadAnswer>(Shipment)> upload;
  std::function<Expected<Captured>(const CaptureRequest&, const std::function<bool(const CaptureProgress&)>&)> capture;
  std::function<Outcome(int ms)> rest;  ///< lets so much time pass, and the board's idle readings
  LiveSignal* live = nullptr;           ///< hears what `capture` and `rest` read; null: nobody may look on
  std::function<void(const BridgeEvent&)> tell;
  const std::atomic<bool>* cancelled = nullptr;
};

class Manager {
 public:
  Manager(ManagerOptions options, ManagerWorld world, Spool& spool);

  /// Works until it is stopped, or until going on makes no sense.
  ///
  ///   kCancelled           the flag was set; the recordings that wait are on disk (or named in the sentence)
  ///   kVerificationFailed  the studio refuses the key
  ///   kDeviceFailed        the board stays away
  /// Ok after `stop_after` recordings have been stored.
  Outcome Run();

 private:
  enum class Link : uint8_t { kDown, kOpening, kGreeting, kUp };
  using Event = BridgeEvent;

  void Tell(Event event);
  void Say(std::string text);
  void Send(const std::string& bytes);

  // Each step looks at one side of the world and never waits.
  void StepLink();
  void StepUploads();
  void StepRequests();
  void StepLive();
  void SwitchLive(const LiveSwitch& wish);
  void HandleMessage(const SocketEvent& event);
  void Greeted();
  void Nonsense(const std::string& what);
  void LoseLink(const std::string& why);
  void Record(const SampleRequest& request);
  void Settle();
  void TellKept(const std::string& why);
  Outcome Goodbye();
  int Wait(int failures);
  bool Cancelled() const { return world_.cancelled != nullptr && *world_.cancelled; }
  void End(Outcome outcome);

  ManagerOptions options_;
  ManagerWorld world_;
  Spool& spool_;

  Link link_ = Link::kDown;
  std::unique_ptr<MessageSocket> socket_;
  int64_t next_open_ms_ = 0, link_due_ms_ = 0, up_since_ms_ = 0;
  int link_failures_ = 0;
  int quick_losses_ = 0;
  int nonsense_ = 0;

  std::deque<SampleRequest> requests_;
  bool recording_ = false;
  /// The shipment whose fate the studio still has to hear.
  struct Awaited {
    uint64_t number = 0;
    std::string label;
    int64_t since_ms = 0;
    int failures = 0;
  };
  std::optional<Awaited> awaited_;

  struct UnderWay {
    uint64_t number = 0;
    Shipment shipment;
    std::future<UploadAnswer> answer;
  };
  std::optional<UnderWay> under_way_;
  int64_t next_upload_ms_ = 0;
  int64_t next_live_ms_ = 0;
  int upload_failures_ = 0;
  uint64_t first_number_ = 0;  ///< of this session; 0: nothing recorded yet
  uint64_t stored_ = 0;        ///< of this session
  std::set<std::string> passed_over_;

  bool ended_ = false;
  Outcome end_ = Nothing{};
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_MANAGER_H_
