// A program that runs beside this one and ends with it.
#ifndef THIMBLE_SIMULATOR_ORACLE_CHILD_H_
#define THIMBLE_SIMULATOR_ORACLE_CHILD_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "simulator/descriptor.h"

namespace thimble::simulator::oracle {

class Child {
 public:
  /// Runs `arguments[0]`; `descriptors[i]` is its descriptor 3 + i. It has no input, and what it writes is kept.
  static Expected<Child> Start(std::vector<std::string> arguments, const std::vector<int>& descriptors);

  Child(Child&& other) noexcept
      : process_(std::exchange(other.process_, -1)),
        messages_(std::move(other.messages_)),
        name_(std::move(other.name_)) {}
  Child& operator=(Child&&) = delete;
  /// Ends it.
  ~Child();

  bool IsRunning();
  /// What it has written to its standard output and error.
  std::string Messages() const;

 private:
  Child(pid_t process, Descriptor messages, std::string name)
      : process_(process), messages_(std::move(messages)), name_(std::move(name)) {}

  pid_t process_;
  Descriptor messages_;
  std::string name_;
};

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_CHILD_H_
