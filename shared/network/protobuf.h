// Reads protocol buffers (protobuf.dev/programming-guides/encoding) from untrusted bytes, in place.
//
//   bool damaged = false;
//   for (ProtobufReader message(bytes, &damaged); message.Next();) {
//     if (message.field() == 3) name = message.Text();
//   }
//
// Damage (a value beyond the end, a varint that is too long, an unknown wire type, a field of
// another type than asked for) sets *damaged and ends the message and all messages it is part of,
// so that one look at the end of reading is enough. Values read from damaged bytes are 0 or empty.
// Bytes and texts are those of the file, not copies.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/list.h"

namespace insitu {

class ProtobufReader {
 public:
  // bytes and damaged are referred to, also by the messages inside.
  ProtobufReader(std::span<const uint8_t> bytes, bool* damaged) : rest_(bytes), damaged_(damaged) {}

  // Goes to the next field. False at the end of the message or when it is damaged.
  bool Next();

  uint32_t field() const { return field_; }

  // The value of the field that Next found; a field that is not asked for is skipped.
  int64_t Integer();                 // int32, int64, bool, enum
  float Number();                    // float
  std::span<const uint8_t> Bytes();  // bytes
  std::string_view Text();           // string
  ProtobufReader Message() { return {Bytes(), damaged_}; }

  // Repeated scalars come packed or one by one; both are legal.
  void AppendTo(List<int64_t>* integers);
  void AppendTo(List<float>* numbers);

 private:
  enum class WireType : uint8_t { kVarint = 0, k64Bit = 1, kBytes = 2, k32Bit = 5 };

  uint64_t TakeVarint();
  std::span<const uint8_t> Take(uint64_t size);
  void Damage();

  std::span<const uint8_t> rest_;  // after the field
  bool* damaged_;
  uint32_t field_ = 0;
  WireType type_ = WireType::kVarint;
  uint64_t varint_ = 0;
  std::span<const uint8_t> bytes_;  // of every other type
};

}  // namespace insitu
