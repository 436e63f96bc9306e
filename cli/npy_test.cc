#include "cli/npy.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <numeric>

namespace thimble::cli {
namespace {

using kernels::Type;

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

/// A file of version 1.0 with this header and data.
std::string File(std::string header, const std::string& data, char major = 1) {
  header += "\n";
  std::string file = "\x93NUMPY";
  file += {major, '\0', static_cast<char>(header.size()), '\0'};
  if (major > 1) file += std::string(2, '\0');
  return file + header + data;
}

std::string MessageOf(const std::string& file) {
  const auto array = ParseNpy(Bytes(file));
  return array.ok() ? "ok" : array.error().message;
}

TEST(Npy, ReadsWhatNumPyWrites) {
  // numpy.save of numpy.array([[1, -2, 3]], dtype=numpy.int16), NumPy 1.24.
  const std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }";
  const std::string file = File(header + std::string(117 - header.size(), ' '), std::string("\1\0\xfe\xff\3\0", 6));
  ASSERT_EQ(file.size(), 128u + 6);
  const auto array = ParseNpy(Bytes(file));
  ASSERT_TRUE(array.ok()) << array.error().message;
  EXPECT_EQ(array->type, Type::kInt16);
  EXPECT_EQ(array->shape, (std::vector<int64_t>{1, 3}));
  int16_t values[3];
  ASSERT_EQ(array->data.size(), sizeof values);
  std::memcpy(values, array->data.data(), sizeof values);
  EXPECT_EQ(values[1], -2);
}

TEST(Npy, WritesWhatItReads) {
  const std::string data(24, 'x');
  for (const auto& [type, shape] : std::vector<std::pair<Type, std::vector<int32_t>>>{
           {Type::kFloat32, {2, 3}}, {Type::kInt8, {24}}, {Type::kInt64, {1, 3, 1}}, {Type::kBool, {2, 3, 4}}}) {
    const std::string file = WriteNpy(type, shape, Bytes(data));
    EXPECT_EQ((file.size() - data.size()) % 64, 0u);
    const auto array = ParseNpy(Bytes(file));
    ASSERT_TRUE(array.ok()) << array.error().message;
    EXPECT_EQ(array->type, type);
    EXPECT_EQ(array->shape, std::vector<int64_t>(shape.begin(), shape.end()));
    EXPECT_TRUE(std::equal(array->data.begin(), array->data.end(), Bytes(data).begin(), Bytes(data).end()));
  }
}

TEST(Npy, WritesAScalarAsNumPyDoes) {
  const std::string file = WriteNpy(Type::kInt8, {}, Bytes("a"));
  EXPECT_NE(file.find("'shape': ()"), std::string::npos) << file;
  EXPECT_TRUE(ParseNpy(Bytes(file)).ok());
  EXPECT_NE(WriteNpy(Type::kInt8, std::vector<int32_t>{1}, Bytes("a")).find("'shape': (1,)"), std::string::npos);
}

TEST(Npy, ReadsTheLongHeadersOfVersion2) {
  EXPECT_EQ(MessageOf(File("{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }", "ab", 2)), "ok");
}

TEST(Npy, SaysWhatIsWrong) {
  const auto with = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return MessageOf(
        File("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }", "abcd"));
  };
  EXPECT_EQ(with("'|i1'", "False", "(2, 2)"), "ok");
  EXPECT_NE(with("'>f4'", "False", "(1,)").find("big endian (>f4); save it with .astype('<f4')"), std::string::npos);
  EXPECT_NE(with("'<f8'", "False", "(1,)").find("dtype <f8 is none of a network"), std::string::npos);
  EXPECT_NE(with("[('a', '<i2')]", "False", "(1,)").find("named fields"), std::string::npos);
  EXPECT_NE(with("'|i1'", "True", "(2, 2)").find("Fortran order"), std::string::npos);
  EXPECT_EQ(with("'|i1'", "True", "(1, 4)"), "ok") << "one dimension has no order";
  EXPECT_NE(with("'|i1'", "False", "(5,)").find("needs 5 bytes, but 4 follow"), std::string::npos);
  EXPECT_NE(with("'|i1'", "False", "(9223372036854775807, 9)").find("needs more bytes"), std::string::npos);
  EXPECT_NE(with("'|i1'", "False", "(-4,)").find("no dictionary"), std::string::npos);
  EXPECT_NE(MessageOf("\x93NUMPY").find("ends inside its header"), std::string::npos);
  EXPECT_NE(MessageOf(File("{}", "", 9)).find("format version 9"), std::string::npos);
}

RC_GTEST_PROP(Npy, NeverReadsOutsideTheFile, (const std::string& noise, bool keep_magic)) {
  std::string file = File("{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }", "abcd");
  for (size_t i = 0; i + 1 < noise.size(); i += 2) {
    const size_t at = (static_cast<unsigned char>(noise[i]) + (keep_magic ? 8u : 0u)) % file.size();
    file[at] = noise[i + 1];
  }
  const auto array = ParseNpy(Bytes(file));
  if (!array.ok()) return;
  const int64_t count =
      std::accumulate(array->shape.begin(), array->shape.end(), int64_t{1}, [](int64_t a, int64_t b) { return a * b; });
  RC_ASSERT(array->data.size() == static_cast<size_t>(count) * kernels::BytesOf(array->type));
}

}  // namespace
}  // namespace thimble::cli
