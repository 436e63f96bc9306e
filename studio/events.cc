#include "studio/events.h"

#include <cstdio>
#include <utility>

namespace thimble::studio {

using Kind = Event::Kind;

Step::Step(const EventCallback& on_event, std::string_view name, std::string text) : on_event_(on_event), name_(name) {
  Send({.kind = Kind::kBegin, .step = name_, .text = std::move(text)});
}

bool Step::Progress(double share) { return Send({.kind = Kind::kProgress, .step = name_, .share = share, .text = {}}); }

bool Step::Told(const trainer::Epoch& epoch) {
  return Send({.kind = Kind::kEpoch,
               .step = name_,
               .share = static_cast<double>(epoch.number) / epoch.count,
               .text = {},
               .epoch = &epoch});
}

void Step::End(std::string text) { Send({.kind = Kind::kEnd, .step = name_, .share = 1, .text = std::move(text)}); }

bool Step::Send(const Event& event) { return !on_event_ || on_event_(event); }

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

}  // namespace thimble::studio
