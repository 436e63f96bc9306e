// What a program that has its impulse linked in can count on: the compiler writes these two definitions.
#ifndef THIMBLE_RUNTIME_LINKED_IMPULSE_H_
#define THIMBLE_RUNTIME_LINKED_IMPULSE_H_

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "runtime/impulse.h"

namespace thimble::runtime {

/// In flash. Names the operators of its model and no others, so that only those are linked.
extern const Impulse kLinkedImpulse;

/// Exactly as large as a Session of kLinkedImpulse needs.
extern const std::span<std::byte> kLinkedArena;

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_LINKED_IMPULSE_H_
