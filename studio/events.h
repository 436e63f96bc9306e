// What happens on the way of long work, and whether it is to go on.
#ifndef THIMBLE_STUDIO_EVENTS_H_
#define THIMBLE_STUDIO_EVENTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "trainer/fit.h"

namespace thimble::studio {

/// One thing that happened.
struct Event {
  enum class Kind : uint8_t { kBegin, kProgress, kEpoch, kEnd };
  Kind kind = Kind::kProgress;
  std::string_view step;                  ///< "data"; "features", "train", "quantise" for each candidate; "test"
  double share = 0;                       ///< of this step, 0 … 1
  std::string text;                       ///< at the beginning what is tried, at the end what came of it; may be empty
  const trainer::Epoch* epoch = nullptr;  ///< kEpoch only
};

/// False: stop. Training then keeps the best so far, which is quantised and tested; all else ends as kCancelled.
using EventCallback = std::function<bool(const Event&)>;

/// Sends the events of one step, its beginning at once. Both arguments that it refers to must outlive it.
class Step {
 public:
  Step(const EventCallback& on_event, std::string_view name, std::string text = "");
  bool Progress(double share);
  bool Told(const trainer::Epoch& epoch);
  void End(std::string text);

 private:
  bool Send(const Event& event);
  const EventCallback& on_event_;
  std::string_view name_;
};

/// "93.1 %"
std::string Percent(double share);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_EVENTS_H_
