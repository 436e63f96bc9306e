// The kit's face: display, LEDs and buttons, as a picture and as text.
#ifndef THIMBLE_SIMULATOR_AZ3166_PANEL_H_
#define THIMBLE_SIMULATOR_AZ3166_PANEL_H_

#include <string>

#include "base/error.h"
#include "simulator/az3166/picture.h"
#include "simulator/az3166/ssd1306.h"

namespace thimble::simulator {

/// All that a person sees of a kit. LEDs: the share of time that they are on, 0 to 1.
struct Panel {
  Screen screen;
  double wifi_led = 0, azure_led = 0, user_led = 0;
  double red = 0, green = 0, blue = 0;      ///< of the RGB LED
  bool button_a = false, button_b = false;  ///< pressed
};

/// `scale`: picture pixels of one of the display's; 3 to 12.
Picture PanelPicture(const Panel& panel, int scale = 6);

/// The same for a terminal. `colour`: with ANSI escape sequences, 24 bits a colour.
std::string PanelText(const Panel& panel, TerminalStyle style, bool colour);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_PANEL_H_
