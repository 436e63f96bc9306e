// The far end of a board's serial line, with real terminals and real sockets.
#include "simulator/serial_end.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "simulator/descriptor.h"

namespace thimble::simulator {
namespace {

using Bytes = std::vector<std::byte>;

Bytes Text(const std::string& text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

std::unique_ptr<SerialEnd> Open(const std::string& spec) {
  auto end = OpenSerialEnd(spec);
  EXPECT_TRUE(end.ok()) << end.error().message;
  return end.ok() ? *std::move(end) : nullptr;
}

Descriptor OpenPath(const SerialEnd& end) {
  return Descriptor(open(end.Describe().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
}

Descriptor Connect(const SerialEnd& end) {
  const std::string text = end.Describe();
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(text.substr(text.find(':') + 1))));
  Descriptor peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(peer.number, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return peer;
}

void Tell(const Descriptor& peer, const std::string& text) {
  ASSERT_EQ(write(peer.number, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

/// What arrives at the peer until nothing has come for a while; `end` is flushed as a session would.
std::string Hear(const Descriptor& peer, SerialEnd& end, int quiet_ms = 100) {
  std::string heard;
  while (true) {
    end.Flush();
    pollfd ready = {peer.number, POLLIN, 0};
    if (poll(&ready, 1, quiet_ms) <= 0) return heard;
    std::array<char, 65536> buffer;
    const ssize_t count = read(peer.number, buffer.data(), buffer.size());
    if (count <= 0) return heard;
    heard.append(buffer.data(), static_cast<size_t>(count));
  }
}

/// What the board hears, at most within two seconds.
std::string ReadText(SerialEnd& end, size_t bytes) {
  std::string text;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (text.size() < bytes && std::chrono::steady_clock::now() < limit) {
    std::array<std::byte, 256> buffer;
    const size_t count = end.Read(buffer);
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
    if (count == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return text;
}

TEST(SerialEnd, IsATerminalThatPassesEveryByteAsItIs) {
  const auto end = Open("pty");
  const Descriptor peer = OpenPath(*end);
  ASSERT_GE(peer.number, 0);
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  end->Write(Text(all));
  EXPECT_EQ(Hear(peer, *end), all);
  Tell(peer, all);
  EXPECT_EQ(ReadText(*end, all.size()), all) << "no echo, no line ends, no Ctrl-C";
  std::array<std::byte, 8> none;
  EXPECT_EQ(end->Read(none), 0u) << "and it does not wait";
}

TEST(SerialEnd, SurvivesAPersonWhoClosesTheTerminalAndOpensItAgain) {
  const auto end = Open("pty");
  {
    const Descriptor peer = OpenPath(*end);
    end->Write(Text("one"));
    EXPECT_EQ(Hear(peer, *end), "one");
  }
  end->Write(Text("two"));
  const Descriptor peer = OpenPath(*end);
  EXPECT_EQ(Hear(peer, *end), "two");
  Tell(peer, "three");
  EXPECT_EQ(ReadText(*end, 5), "three");
}

TEST(SerialEnd, IsASocketWhosePeersComeAndGo) {
  const auto end = Open("tcp:0");
  end->Write(Text("early "));
  for (const std::string name : {"first", "second"}) {
    const Descriptor peer = Connect(*end);
    Tell(peer, name);
    EXPECT_EQ(ReadText(*end, name.size()), name);
    end->Write(Text(name));
    EXPECT_EQ(Hear(peer, *end), name == "first" ? "early first" : name);
  }
  // The board notices that nobody is there, and goes on.
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(end->Read(buffer), 0u);
  end->Write(Text("lost or kept"));
}

TEST(SerialEnd, KeepsTheLastMegabyteForWhoComesLate) {
  for (const std::string spec : {"tcp:0", "pty"}) {
    const auto end = Open(spec);
    Bytes block(4096);
    for (uint32_t i = 0; i < 512; ++i) {  // two megabytes
      for (size_t at = 0; at < block.size(); ++at) block[at] = static_cast<std::byte>(i);
      end->Write(block);
    }
    const Descriptor peer = spec == "pty" ? OpenPath(*end) : Connect(*end);
    const std::string heard = Hear(peer, *end);
    EXPECT_GE(heard.size(), size_t{1} << 20) << spec;
    EXPECT_LT(heard.size(), size_t{2} << 20) << spec;
    EXPECT_EQ(heard.back(), static_cast<char>(511 & 0xff)) << spec << ": what was dropped is the oldest";
  }
}

TEST(SerialEnd, DoesNotWaitForAPeerWhoDoesNotRead) {
  const auto end = Open("tcp:0");
  const Descriptor peer = Connect(*end);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 16; ++i) end->Write(Bytes(1 << 19));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST(SerialEnd, RefusesPlacesThatAreNone) {
  for (const char* spec : {"", "tcp", "tcp:", "tcp:x", "tcp:65536", "tcp:-1", "tcp: 5", "PTY", "/dev/ttyACM0"}) {
    const auto end = OpenSerialEnd(spec);
    ASSERT_FALSE(end.ok()) << spec;
    EXPECT_EQ(end.error().status, Status::kInvalidArgument) << spec;
  }
  const auto first = Open("tcp:0");
  const auto taken = OpenSerialEnd("tcp:" + first->Describe().substr(first->Describe().find(':') + 1));
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().status, Status::kFailed);
  EXPECT_NE(taken.error().message.find("in use"), std::string::npos) << taken.error().message;
}

TEST(SerialEnd, MayLeadNowhere) {
  const auto end = Open("none");
  end->Write(Text("hello"));
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(end->Read(buffer), 0u);
}

}  // namespace
}  // namespace thimble::simulator
