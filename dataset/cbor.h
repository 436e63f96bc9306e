// Walks through CBOR bytes (RFC 8949) and tells a listener what it meets, without building anything.
#ifndef THIMBLE_DATASET_CBOR_H_
#define THIMBLE_DATASET_CBOR_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace thimble::dataset {

/// Hears the parts of a JSON or CBOR document in their order. Each call returns false to end the walk.
class DocumentListener {
 public:
  virtual ~DocumentListener() = default;
  virtual bool Null() = 0;  ///< null, or CBOR's undefined
  virtual bool Number(double value) = 0;
  virtual bool Text(std::string_view text) = 0;
  virtual bool Other() = 0;  ///< byte strings, simple values
  virtual bool Boolean(bool) { return Other(); }
  virtual bool BeginObject() = 0;
  virtual bool Key(std::string_view key) = 0;
  virtual bool BeginArray() = 0;
  virtual bool End() = 0;  ///< of the innermost object or array
};

enum class CborEnd { kWhole, kStopped, kTruncated, kBroken };

struct CborWalk {
  CborEnd end = CborEnd::kWhole;
  size_t offset = 0;  ///< where the walk ended
  std::string fault;  ///< for kBroken: what is wrong there
};

/// Walks through one document of definite or indefinite lengths, half to double floats; tags are passed over. Uses
/// memory in proportion to the nesting only, which the listener must bound. `more_may_follow`: bytes behind the
/// document are not looked at, `offset` says where they begin.
CborWalk WalkCbor(std::string_view bytes, DocumentListener& listener, bool more_may_follow = false);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_CBOR_H_
