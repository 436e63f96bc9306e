// How a block describes its parameters to people and to other programs: one list, many readers.
#ifndef THIMBLE_DSP_FIELDS_H_
#define THIMBLE_DSP_FIELDS_H_

#include <concepts>
#include <span>
#include <type_traits>

namespace thimble::dsp {

/// What there is to say about one parameter.
///
/// Every block has one function template
///
///   static void Fields(auto&& visit, auto& params);
///
/// that calls `visit(const Field&, member)` once a parameter, in the order of declaration in Params. `params` may be
/// const (to write) or not (to read into). The member is one of
///
///   float                     a JSON number; finite, minimum <= value <= maximum
///   int                       a JSON integer, minimum <= value <= maximum
///   bool                      true or false
///   enum class E : uint8_t    a JSON string out of `choices`; the enumerator's value is its place in `choices`
///
/// Defaults are what a default-made Params holds; they are not repeated here. A member is named as its parameter, with
/// '_' for '-', so emitted C++ may use designators, and writes an enumerator as
/// `decltype(Params::filter_type){1}`. A reader that meets a name out of the block's kIgnored drops it: Edge Impulse's
/// files carry it, this version of the block has no use for it. Any other unknown name is an error.
///
/// Check and Explain of the block decide about a set of parameters as a whole. They refuse a value outside its range
/// too, unless another parameter makes it idle (a cut-off frequency without a filter).
///
/// Device code never calls Fields, so that none of this text reaches its flash.
struct Field {
  const char* name;   ///< Edge Impulse's name: "fft-length"
  const char* label;  ///< for people: "FFT length"
  const char* unit = "";
  double minimum = 0;  ///< of a float or int
  double maximum = 0;
  std::span<const char* const> choices = {};  ///< of an enum
  const char* sentence = "";                  ///< what it does, for a tooltip
};

template <typename T>
concept ChoiceMember = std::is_enum_v<std::remove_const_t<T>>;
template <typename T>
concept FlagMember = std::same_as < std::remove_const_t<T>,
bool > ;
template <typename T>
concept IntegerMember = std::same_as < std::remove_const_t<T>,
int > ;
template <typename T>
concept NumberMember = std::same_as < std::remove_const_t<T>,
float > ;

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FIELDS_H_
