// Lines of text put together without a heap and without printf.
#ifndef THIMBLE_FIRMWARE_TEXT_H_
#define THIMBLE_FIRMWARE_TEXT_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace thimble::firmware {

/// What does not fit is left out.
template <size_t kCapacity>
class Text {
 public:
  Text& operator<<(std::string_view text) {
    for (const char letter : text) Put(letter);
    return *this;
  }
  Text& operator<<(char letter) {
    Put(letter);
    return *this;
  }
  template <std::integral Number>
  Text& operator<<(Number number) {
    if (number < 0) Put('-');
    const auto size = static_cast<uint64_t>(number);
    return Digits(number < 0 ? 0 - size : size, 1);
  }

  /// With so many digits behind the point, rounded half away from zero. Numbers beyond ±1e9 become ±1e9, and what is no
  /// number "nan".
  Text& Fixed(float value, int digits) {
    if (value != value) return *this << "nan";
    uint64_t unit = 1;
    for (int i = 0; i < digits; ++i) unit *= 10;
    constexpr double kMost = 1e9;
    double size = value < 0 ? -static_cast<double>(value) : static_cast<double>(value);
    if (size > kMost) size = kMost;
    const auto scaled = static_cast<uint64_t>(size * static_cast<double>(unit) + 0.5);
    if (value < 0 && scaled != 0) Put('-');
    Digits(scaled / unit, 1);
    if (digits > 0) {
      Put('.');
      Digits(scaled % unit, digits);
    }
    return *this;
  }

  /// `digits` hexadecimal digits.
  Text& Hex(uint64_t value, int digits) {
    for (int i = digits; i-- > 0;) Put("0123456789abcdef"[value >> 4 * i & 15]);
    return *this;
  }
  Text& Hex(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) Hex(std::to_integer<uint8_t>(byte), 2);
    return *this;
  }

  std::string_view view() const { return {letters_.data(), size_}; }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(letters_.data(), size_)); }
  void Clear() { size_ = 0; }

 private:
  void Put(char letter) {
    if (size_ < kCapacity) letters_[size_++] = letter;
  }
  Text& Digits(uint64_t number, int least) {
    char digits[20];
    int count = 0;
    for (; number > 0 || count < least; number /= 10) digits[count++] = static_cast<char>('0' + number % 10);
    while (count > 0) Put(digits[--count]);
    return *this;
  }

  std::array<char, kCapacity> letters_;
  size_t size_ = 0;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_TEXT_H_
