// The face of an exported network: its C header, what stands behind that, and programs that use it.
#ifndef THIMBLE_COMPILER_EXPORT_INTERFACE_H_
#define THIMBLE_COMPILER_EXPORT_INTERFACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/export.h"
#include "compiler/plan.h"
#include "kernels/op.h"

namespace thimble::compiler {

/// An input or output as C programs see it.
struct ExportedTensor {
  kernels::Type type = kernels::Type::kAbsent;
  std::vector<int32_t> shape;
  int32_t count = 1;       ///< of elements
  bool quantised = false;  ///< real = scale * (stored - zero_point)
  float scale = 0;
  int32_t zero_point = 0;
  std::string address;  ///< of the data, a C++ expression in the source behind the header

  const char* c_type() const;
  const char* type_name() const;  ///< "int8"
  std::string ShapeText() const;  ///< "1 x 49 x 10 x 1"
  /// What the smallest and the largest stored value mean; 0 and 1 if anything may be stored.
  double lowest() const, highest() const;
};

struct Interface {
  std::string name;
  std::vector<ExportedTensor> inputs, outputs;
  std::vector<std::string> labels;

  int64_t input_length() const;  ///< floats that <name>_run takes
  int64_t output_length() const;
  /// One number in, one number out, as the sine: a curve.
  bool is_curve() const { return input_length() == 1 && output_length() == 1; }
  std::string upper() const;  ///< the name in capitals
};

/// Errors as Export().
Expected<Interface> InterfaceOf(const Plan& plan, const ExportOptions& options);

/// <name>.h: C99, includes nothing but what C99 has.
std::string InterfaceHeader(const Interface& interface);

/// <name>.cc, which includes `header` and "<name>_plan.h".
std::string InterfaceSource(const Interface& interface, const Plan& plan, const std::string& header);

/// A program in C that prints what the network answers: main(), or app_main() as ESP-IDF calls it.
std::string ExampleProgram(const Interface& interface, bool is_app_main = false);

/// The same as a sketch; a curve goes to the serial plotter and to the brightness of the LED.
std::string ExampleSketch(const Interface& interface);

/// The text of a float that C and C++ read back as it was: "0.5f".
std::string FloatLiteral(float value);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_INTERFACE_H_
