// Small pieces of text for people and from files: numbers, counts, trimmed lines.
#ifndef THIMBLE_DATASET_INTERNAL_TEXT_H_
#define THIMBLE_DATASET_INTERNAL_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thimble::dataset {

/// A number as people write it: six significant digits, no trailing zeros.
std::string Number(double value);

/// "1 reading", "2 readings".
std::string Count(size_t count, std::string_view singular, std::string_view plural);

/// Without spaces and carriage returns at both ends.
std::string_view Trim(std::string_view text);

/// A to Z become a to z; everything else stays, whatever the locale.
std::string Lower(std::string_view text);

/// The whole of `text` as a decimal number ("-1.5e3", " +2 "), or nothing. Says "nan" and "inf" as std::from_chars
/// does.
std::optional<double> ParseNumber(std::string_view text);

/// What a file says, short and printable enough to be quoted in a sentence.
std::string Quote(std::string_view text);

/// Takes the next line off the front of `text`, without its line ending.
std::string_view TakeLine(std::string_view& text);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_TEXT_H_
