// An impulse becomes C++ that people can read and programs can link.
#ifndef THIMBLE_COMPILER_EMIT_H_
#define THIMBLE_COMPILER_EMIT_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "compiler/impulse_file.h"

namespace thimble::compiler {

/// A model as a C array: `extern const unsigned char <symbol>[]` and `extern const unsigned int <symbol>_len`, for C
/// and C++. `symbol` must be a C identifier; `title` says in a comment whose model it is.
std::string EmitModelHeader(std::string_view symbol, std::string_view title, size_t model_bytes);

/// Its definition, aligned to 16 bytes and constant, so that it stays in flash and is read in place. Includes
/// "<header>".
std::string EmitModelSource(std::string_view symbol, std::string_view header, std::span<const std::byte> model);

/// The definitions that runtime/linked_impulse.h announces: the block's parameters, the labels, the operators that the
/// model needs, for its types, and no others, and an arena of exactly the size it takes. Constant-initialised, all but
/// the arena in flash. Includes "<model_header>", written for `symbol`. Of an impulse with an anomaly detector also
/// what runtime/linked_anomaly.h announces; one without a network needs no model.
std::string EmitImpulseSource(const BoundImpulse& bound, std::string_view symbol, std::string_view model_header);

/// The library of firmware/ that such an impulse is linked into, and speaks frames on the serial line.
std::string ApplicationOf(const ImpulseDescription& impulse);

/// `text` as a C++ string literal with its quotes: any bytes, any length.
std::string StringLiteral(std::string_view text);

/// The type that an operator's or block's folder holds: "fully_connected" -> "FullyConnected".
std::string TypeName(std::string_view folder);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EMIT_H_
