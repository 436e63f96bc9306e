// Numbers as people write addresses. Host only: text lies on the heap.
#ifndef THIMBLE_BASE_HEXADECIMAL_H_
#define THIMBLE_BASE_HEXADECIMAL_H_

#include <cstdint>
#include <cstdio>
#include <string>

namespace thimble {

/// "0x0800c000".
inline std::string Hexadecimal(uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

}  // namespace thimble

#endif  // THIMBLE_BASE_HEXADECIMAL_H_
