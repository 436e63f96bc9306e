// Which side of the split a content falls on where nobody says.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_LOT_H_
#define THIMBLE_STUDIO_SERVER_INGEST_LOT_H_

#include <charconv>
#include <string_view>

namespace thimble::studio {

/// Of 100 recordings for which `split` is asked, so many train.
inline constexpr unsigned kTrainingPercent = 80;

/// 0 … 99 by the content's hash, in hexadecimal: the same content always draws the same lot, in any project and however
/// often it is sent. With `split`, lots below kTrainingPercent train.
inline unsigned LotOf(std::string_view content_hash) {
  unsigned number = 0;
  const std::string_view front = content_hash.substr(0, 8);
  std::from_chars(front.data(), front.data() + front.size(), number, 16);
  return number % 100;
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_LOT_H_
