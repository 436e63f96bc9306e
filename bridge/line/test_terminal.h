// A serial port for tests: a pseudo-terminal behind a name, with a board of the test's making at its other end.
#ifndef THIMBLE_BRIDGE_LINE_TEST_TERMINAL_H_
#define THIMBLE_BRIDGE_LINE_TEST_TERMINAL_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace thimble::bridge {

inline double TestSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The name stays when the terminal behind it goes and another comes, as a port's does when its plug is pulled.
class TestTerminal {
 public:
  TestTerminal() {
    char folder[] = "/tmp/thimble-port-XXXXXX";
    folder_ = mkdtemp(folder);
    PlugIn();
  }
  ~TestTerminal() {
    StopBoard();
    PullOut();
    std::filesystem::remove_all(folder_);
  }
  TestTerminal(const TestTerminal&) = delete;
  TestTerminal& operator=(const TestTerminal&) = delete;

  std::string path() const { return folder_ + "/port"; }

  void PlugIn() {
    char name[128];
    int slave = -1, master = -1;
    ASSERT_EQ(openpty(&master, &slave, name, nullptr, nullptr), 0);
    termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    fcntl(master, F_SETFL, O_NONBLOCK);
    std::filesystem::create_symlink(name, path());
    slave_ = slave;
    master_ = master;
  }
  void PullOut() {
    const int master = master_.exchange(-1);
    if (master < 0) return;
    std::filesystem::remove(path());
    // The board's thread may be about to use it.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    close(master);
    close(slave_.exchange(-1));
  }

  /// What nobody takes is lost, as on a real line.
  void Send(std::string_view bytes) {
    if (const int master = master_; master >= 0) (void)!write(master, bytes.data(), bytes.size());
  }
  std::string Receive() {
    char buffer[4096];
    const int master = master_;
    const ssize_t count = master < 0 ? 0 : read(master, buffer, sizeof buffer);
    return count > 0 ? std::string(buffer, static_cast<size_t>(count)) : "";
  }
  /// As the program at our side has set it.
  int Baud() const {
    termios mode;
    if (master_ < 0 || tcgetattr(master_, &mode) != 0) return 0;
    switch (cfgetospeed(&mode)) {
      case B9600:
        return 9600;
      case B57600:
        return 57600;
      case B115200:
        return 115200;
      default:
        return -1;
    }
  }

  /// A board that sends line after line at an even rate, in a thread, until StopBoard; `line` gives the n-th.
  void RunBoard(double rate_hz, std::function<std::string(int)> line) {
    stop_ = false;
    board_ = std::thread([this, rate_hz, line = std::move(line)] {
      const double began = TestSeconds();
      for (int n = 0; !stop_; ++n) {
        const double wait = began + n / rate_hz - TestSeconds();
        if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
        Send(line(n));
      }
    });
  }
  void StopBoard() {
    stop_ = true;
    if (board_.joinable()) board_.join();
  }

 private:
  std::string folder_;
  std::atomic<int> master_ = -1, slave_ = -1;
  std::atomic<bool> stop_ = false;
  std::thread board_;
};

/// What the original firmware prints, with the number of the line in its third number.
inline std::string OriginalLine(int n) {
  char text[80];
  std::snprintf(text, sizeof text, "[%d,-24,%d,1820,-2800,-70]\r\n", 900 + n % 7, n);
  return text;
}

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_TEST_TERMINAL_H_
