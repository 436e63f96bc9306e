// What is soldered around the AZ3166's microcontroller, by name.
#ifndef THIMBLE_FIRMWARE_BOARDS_AZ3166_KIT_H_
#define THIMBLE_FIRMWARE_BOARDS_AZ3166_KIT_H_

#include <array>
#include <cstdint>

#include "firmware/drivers/stm32f4/dma_serial.h"
#include "firmware/drivers/stm32f4/i2c.h"
#include "firmware/drivers/stm32f4/pin.h"

namespace thimble::firmware::az3166 {

// Source: MXChip's schematics, as the board files of Zephyr and of the vendor's SDK have them.
inline constexpr stm32f4::Pin kWifiLed = {1, 2}, kAzureLed = {0, 15}, kUserLed = {2, 13};
inline constexpr stm32f4::Pin kRedLed = {1, 4}, kGreenLed = {1, 3}, kBlueLed = {2, 7};  // TIM3_CH1, TIM2_CH2, TIM3_CH2
inline constexpr stm32f4::Pin kButtonA = {0, 4}, kButtonB = {0, 10};                    // low while pressed
inline constexpr stm32f4::Pin kDisplayReset = {0, 8};
inline constexpr uint8_t kHts221Address = 0x5f, kLps22hbAddress = 0x5c, kLis2mdlAddress = 0x1e;

/// Pins and clocks of LEDs, buttons, the display's reset and the I2C bus; all LEDs off, the display out of its reset.
void SetUpKit();

/// The bus that sensors and display are on. After SetUpKit.
stm32f4::I2cBus& Bus();

/// The line over USB. Line, ReadByte and Write of board.h use it as well; it is set up before Main.
extern stm32f4::DmaSerial serial;

/// The RGB LED, 0 to 255 each.
void SetColour(uint8_t red, uint8_t green, uint8_t blue);

inline bool IsPressed(const stm32f4::Pin& button) { return !button.IsHigh(); }

/// Microseconds since SetUpKit, by the crystal. Ask at least once an hour.
uint64_t NowUs();

/// Sleeps until a tick of 500 us begins.
void Nap();

/// The microcontroller's unique number as 24 hexadecimal digits.
std::array<char, 24> DeviceId();

/// Waits, by the cycle counter, so not more than 40 s.
void WaitMs(uint32_t ms);

}  // namespace thimble::firmware::az3166

#endif  // THIMBLE_FIRMWARE_BOARDS_AZ3166_KIT_H_
