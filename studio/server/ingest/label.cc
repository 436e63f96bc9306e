#include "studio/server/ingest/label.h"

#include <algorithm>
#include <optional>

#include "http/coding.h"

namespace thimble::studio {
namespace {

constexpr size_t kMostNameBytes = 200;
constexpr size_t kMostLabelBytes = 200;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Cuts between characters.
std::string Cut(std::string text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  while (most_bytes > 0 && (static_cast<unsigned char>(text[most_bytes]) & 0xC0) == 0x80) --most_bytes;
  text.resize(most_bytes);
  return text;
}

std::string FromLatin1(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

}  // namespace

std::string LabelOfFileName(std::string_view file_name) {
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '\t' ||
           c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  const auto end = std::ranges::find_if_not(file_name, belongs);
  const std::string_view front = http::Trim({file_name.begin(), end});
  return std::string(front.empty() ? http::Trim(file_name.substr(0, file_name.find('.'))) : front);
}

std::string FaultOfLabel(std::string_view label) {
  if (label.size() > kMostLabelBytes) return "the label is longer than " + std::to_string(kMostLabelBytes) + " bytes";
  if (std::ranges::any_of(label, IsControl)) return "the label holds a control character";
  return "";
}

std::string HeaderText(std::string_view value) {
  const std::optional<std::string> decoded = http::PercentDecode(value);
  std::string text(decoded && http::IsUtf8(*decoded) ? *decoded : value);
  return http::IsUtf8(text) ? text : FromLatin1(text);
}

std::string CleanFileName(std::string_view name) {
  std::string clean(name.substr(std::min(name.size(), name.find_last_of("/\\") + 1)));
  if (!http::IsUtf8(clean)) clean = FromLatin1(clean);
  std::ranges::replace_if(clean, IsControl, '_');
  return Cut(std::move(clean), kMostNameBytes);
}

}  // namespace thimble::studio
