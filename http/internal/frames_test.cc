#include "http/internal/frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace thimble::http::internal {
namespace {

using Event = FrameReader::Event;

std::string FromClient(int first_byte, std::string_view payload, bool masked = true) {
  std::string frame = {static_cast<char>(first_byte)};
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(mask_bit | static_cast<int>(payload.size())));
  } else {
    frame.push_back(static_cast<char>(mask_bit | 126));
    frame.push_back(static_cast<char>(payload.size() >> 8));
    frame.push_back(static_cast<char>(payload.size() & 255));
  }
  const std::string mask = masked ? "\x12\x34\x56\x78" : std::string(4, '\0');
  if (masked) frame += mask;
  for (size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return frame;
}

struct Happened {
  Event event;
  std::string bytes;
  bool operator==(const Happened&) const = default;
};

/// In pieces of `size` bytes.
std::vector<Happened> Read(FrameReader& reader, std::string_view bytes, size_t size = 1) {
  std::vector<Happened> all;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, size);
    bytes.remove_prefix(piece.size());
    while (true) {
      const Event event = reader.Next(piece);
      if (event == Event::kNothing) break;
      all.push_back({event, event == Event::kMessage ? std::move(reader.message) : reader.control});
      if (event == Event::kClose || event == Event::kFault) return all;
    }
  }
  return all;
}

TEST(Frames, MessagesInPiecesWithPingsBetweenWhateverTheCuts) {
  const std::string long_text(300, 'a');
  const std::string bytes = FromClient(0x01, "Hel") + FromClient(0x89, "ping") + FromClient(0x80, "lo") +
                            FromClient(0x82, long_text) + FromClient(0x81, "") +
                            FromClient(0x88, std::string("\x03\xe8") + "bye");
  const std::vector<Happened> expected = {{Event::kPing, "ping"},
                                          {Event::kMessage, "Hello"},
                                          {Event::kMessage, long_text},
                                          {Event::kMessage, ""},
                                          {Event::kClose, "bye"}};
  for (size_t size = 1; size <= bytes.size(); ++size) {
    FrameReader reader(1000);
    ASSERT_EQ(Read(reader, bytes, size), expected) << size;
    ASSERT_EQ(reader.code, 1000);
  }
}

TEST(Frames, WhatTheSpecificationForbidsIsAFault) {
  const auto code = [](const std::string& bytes) {
    FrameReader reader(100);
    const auto all = Read(reader, bytes);
    return all.empty() || all.back().event != Event::kFault ? 0 : int{reader.code};
  };
  EXPECT_EQ(code(FromClient(0x81, "x", false)), 1002) << "not masked";
  EXPECT_EQ(code(FromClient(0xC1, "x")), 1002) << "compressed";
  EXPECT_EQ(code(FromClient(0x83, "x")), 1002) << "unknown kind";
  EXPECT_EQ(code(FromClient(0x80, "x")), 1002) << "nothing to go on with";
  EXPECT_EQ(code(FromClient(0x01, "x") + FromClient(0x81, "y")), 1002) << "one inside another";
  EXPECT_EQ(code(FromClient(0x09, "x")), 1002) << "a ping in pieces";
  EXPECT_EQ(code(FromClient(0x89, std::string(126, 'x'))), 1002) << "a long ping";
  EXPECT_EQ(code(FromClient(0x88, "x")), 1002) << "half a close code";
  EXPECT_EQ(code(FromClient(0x88, "\x03\xed")), 1002) << "1005";
  EXPECT_EQ(code(FromClient(0x88, "\x03\xe8\xff")), 1007);
  EXPECT_EQ(code(FromClient(0x81, "\xff")), 1007);
  EXPECT_EQ(code(FromClient(0x82, "\xff")), 0);
  EXPECT_EQ(code(FromClient(0x82, std::string(101, 'x'))), 1009);
  EXPECT_EQ(code(FromClient(0x02, std::string(60, 'x')) + FromClient(0x80, std::string(60, 'x'))), 1009);
  EXPECT_EQ(code(std::string("\x82\xfe\x00\x05", 4) + std::string(9, '\0')), 1002)
      << "a length that is written too long";
  EXPECT_EQ(code("\x82\xff" + std::string(1, '\x80') + std::string(12, '\0')), 1002) << "2^63 bytes";
}

TEST(Frames, AServersFrames) {
  EXPECT_EQ(WriteFrame(Opcode::kText, "Hello"), "\x81\x05Hello");  // RFC 6455, 5.7
  EXPECT_EQ(WriteFrame(Opcode::kBinary, std::string(256, 'x')).substr(0, 4), std::string("\x82\x7e\x01\x00", 4));
  EXPECT_EQ(WriteFrame(Opcode::kBinary, std::string(65536, 'x')).substr(0, 10),
            std::string("\x82\x7f\0\0\0\0\0\1\0\0", 10));
  EXPECT_EQ(WriteCloseFrame(1000, std::string(200, 'x')).size(), 127u);
}

TEST(Frames, TheKeyOfTheSpecificationIsAccepted) {
  EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455, 1.3
  EXPECT_EQ(AcceptKey("dGhl"), "");
  EXPECT_EQ(AcceptKey("not base64"), "");
}

}  // namespace
}  // namespace thimble::http::internal
