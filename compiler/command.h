// Runs another program and collects what it says.
#ifndef THIMBLE_COMPILER_COMMAND_H_
#define THIMBLE_COMPILER_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::compiler {

/// A running program, found along PATH, with nothing to read and both outputs in one place.
class Command {
 public:
  /// kNotFound: there is no such program.
  static Expected<Command> Start(std::vector<std::string> arguments);

  Command(Command&& other) noexcept;
  Command& operator=(Command&&) = delete;
  /// Waits.
  ~Command();

  struct Ending {
    bool succeeded = false;
    std::string output;  ///< the first 64 KiB
  };
  /// To be called once.
  Ending Wait();

 private:
  Command(pid_t process, int output) : process_(process), output_(output) {}

  pid_t process_ = -1;
  int output_ = -1;
};

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_COMMAND_H_
