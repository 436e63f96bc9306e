// Texts with holes.
#ifndef THIMBLE_COMPILER_EXPORT_TEXT_H_
#define THIMBLE_COMPILER_EXPORT_TEXT_H_

#include <map>
#include <string>
#include <string_view>

namespace thimble::compiler {

/// `text` with each @key@ replaced by its value; other text between two @ stays.
inline std::string Fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string filled;
  while (!text.empty()) {
    const size_t begin = text.find('@');
    filled += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const size_t end = text.find('@', begin + 1);
    const auto value =
        end == std::string_view::npos ? values.end() : values.find(text.substr(begin + 1, end - begin - 1));
    if (value == values.end()) {
      filled += '@';
      text.remove_prefix(begin + 1);
      continue;
    }
    filled += value->second;
    text.remove_prefix(end + 1);
  }
  return filled;
}

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_TEXT_H_
