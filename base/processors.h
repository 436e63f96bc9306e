// How many threads can run at once.
#ifndef THIMBLE_BASE_PROCESSORS_H_
#define THIMBLE_BASE_PROCESSORS_H_

#include <sched.h>

#include <algorithm>

namespace thimble {

/// Processors that this process may use, at least one. The standard library counts those of the machine, also where a
/// container or `taskset` lends two of them.
inline int UsableProcessors() {
  cpu_set_t usable;
  return sched_getaffinity(0, sizeof usable, &usable) == 0 ? std::max(1, CPU_COUNT(&usable)) : 1;
}

}  // namespace thimble

#endif  // THIMBLE_BASE_PROCESSORS_H_
