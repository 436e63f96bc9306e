#include "cli/npy.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

namespace thimble::cli {
namespace {

using kernels::Type;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;  // of the data, as NumPy writes it

struct Spelling {
  std::string_view descr;
  Type type;
};
constexpr Spelling kSpellings[] = {{"<f4", Type::kFloat32}, {"<i4", Type::kInt32}, {"|u1", Type::kUInt8},
                                   {"<i8", Type::kInt64},   {"|b1", Type::kBool},  {"<i2", Type::kInt16},
                                   {"|i1", Type::kInt8}};

std::string_view Characters(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What follows `'key':` in the dictionary that is the header, without leading spaces.
std::optional<std::string_view> ValueOf(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    std::string_view rest = header.substr(at + quoted.size());
    const size_t colon = rest.find_first_not_of(' ');
    if (colon == std::string_view::npos || rest[colon] != ':') return std::nullopt;
    rest.remove_prefix(colon + 1);
    const size_t first = rest.find_first_not_of(' ');
    if (first == std::string_view::npos) return std::nullopt;
    return rest.substr(first);
  }
  return std::nullopt;
}

/// "(1, 49, 10)" or "()" or "(3,)"
std::optional<std::vector<int64_t>> ParseShape(std::string_view text) {
  constexpr size_t kMaxDimensions = 32;  // NumPy's own
  if (!text.starts_with('(') || text.find(')') == std::string_view::npos) return std::nullopt;
  text = text.substr(1, text.find(')') - 1);
  std::vector<int64_t> shape;
  while (true) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return shape;
    text.remove_prefix(first);
    int64_t dim = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (error != std::errc() || dim < 0 || shape.size() == kMaxDimensions) return std::nullopt;
    shape.push_back(dim);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const size_t comma = text.find_first_not_of(' ');
    if (comma == std::string_view::npos) return shape;
    if (text[comma] != ',') return std::nullopt;
    text.remove_prefix(comma + 1);
  }
}

Expected<Type> ParseType(std::string_view value) {
  if (value.size() < 2 || (value[0] != '\'' && value[0] != '"')) {
    return {Status::kUnsupported, "the array has named fields; save one of them"};
  }
  const size_t end = value.find(value[0], 1);
  if (end == std::string_view::npos) return {Status::kDataLoss, "the header's descr does not end"};
  const std::string_view descr = value.substr(1, end - 1);
  for (const Spelling& spelling : kSpellings) {
    // One byte has no order, but some writers give it one.
    const bool one_byte = descr.size() == 3 && descr.substr(1) == spelling.descr.substr(1) && descr[2] == '1';
    if (descr == spelling.descr || one_byte) return spelling.type;
  }
  if (descr.starts_with('>')) {
    return {Status::kUnsupported, "the array is big endian (" + std::string(descr) + "); save it with .astype('<" +
                                      std::string(descr.substr(1)) + "')"};
  }
  return {Status::kUnsupported, "the array's dtype " + std::string(descr) +
                                    " is none of a network; save it with .astype(np.int8) or whatever the input is"};
}

}  // namespace

bool IsNpy(std::span<const std::byte> file) { return Characters(file).starts_with(kMagic); }

Expected<NpyArray> ParseNpy(std::span<const std::byte> file) {
  const std::string_view text = Characters(file);
  const Error cut{Status::kDataLoss, "the .npy file ends inside its header; copy it again"};
  if (text.size() < kMagic.size() + 4) return cut;
  const int major = static_cast<unsigned char>(text[6]);
  if (major < 1 || major > 3) {
    return {Status::kUnsupported, "the .npy file has format version " + std::to_string(major) + "; 1 to 3 are known"};
  }
  const size_t length_bytes = major == 1 ? 2 : 4;
  size_t header_at = 8 + length_bytes;
  if (text.size() < header_at) return cut;
  size_t header_bytes = 0;
  for (size_t i = 0; i < length_bytes; ++i) header_bytes |= size_t{static_cast<unsigned char>(text[8 + i])} << 8 * i;
  if (header_bytes > text.size() - header_at) return cut;
  const std::string_view header = text.substr(header_at, header_bytes);

  const auto descr = ValueOf(header, "descr");
  const auto order = ValueOf(header, "fortran_order");
  const auto shape_text = ValueOf(header, "shape");
  const auto shape = shape_text ? ParseShape(*shape_text) : std::nullopt;
  if (!descr || !order || !shape) {
    return {Status::kDataLoss, "the .npy header is no dictionary of descr, fortran_order and shape; save it again"};
  }
  NpyArray array;
  THIMBLE_ASSIGN(array.type, ParseType(*descr));
  array.shape = *shape;
  const auto large = std::count_if(shape->begin(), shape->end(), [](int64_t dim) { return dim > 1; });
  if (!order->starts_with("False") && large > 1) {
    return {Status::kUnsupported, "the array is in Fortran order; save np.ascontiguousarray(array)"};
  }
  const size_t available = text.size() - header_at - header_bytes;
  size_t bytes = kernels::BytesOf(array.type);
  for (const int64_t dim : *shape) {
    if (__builtin_mul_overflow(bytes, static_cast<size_t>(dim), &bytes)) bytes = SIZE_MAX;
  }
  if (bytes != available) {
    return {Status::kDataLoss, "the shape needs " + (bytes == SIZE_MAX ? "more" : std::to_string(bytes)) +
                                   " bytes, but " + std::to_string(available) + " follow the header; save it again"};
  }
  array.data = file.subspan(header_at + header_bytes);
  return array;
}

std::string WriteNpy(Type type, std::span<const int32_t> shape, std::span<const std::byte> data) {
  const auto* spelling =
      std::find_if(std::begin(kSpellings), std::end(kSpellings), [type](const auto& one) { return one.type == type; });
  std::string header = "{'descr': '" + std::string(spelling->descr) + "', 'fortran_order': False, 'shape': (";
  for (const int32_t dim : shape) header += std::to_string(dim) + ", ";
  if (shape.size() > 1) header.resize(header.size() - 2);  // one dimension keeps its comma: "(3,)"
  if (shape.size() == 1) header.resize(header.size() - 1);
  header += "), }";
  const size_t before = kMagic.size() + 4;
  header += std::string((kAlignment - (before + header.size() + 1) % kAlignment) % kAlignment, ' ') + "\n";
  std::string file(kMagic);
  file += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  file += header;
  file += Characters(data);
  return file;
}

}  // namespace thimble::cli
