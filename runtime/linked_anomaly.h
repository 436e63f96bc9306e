// The anomaly detector of a program that has its impulse linked in: the compiler writes the definition.
#ifndef THIMBLE_RUNTIME_LINKED_ANOMALY_H_
#define THIMBLE_RUNTIME_LINKED_ANOMALY_H_

#include "runtime/anomaly.h"

namespace thimble::runtime {

/// Behind the features of kLinkedImpulse, which it fits. In flash.
extern const Anomaly kLinkedAnomaly;

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_LINKED_ANOMALY_H_
