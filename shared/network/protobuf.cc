#include "shared/network/protobuf.h"

#include <cstring>

namespace insitu {
namespace {

constexpr int kMaxVarintBits = 64;

float FloatFrom(std::span<const uint8_t> bytes) {
  float value;  // little-endian in the file, as on every machine we run on
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

}  // namespace

void ProtobufReader::Damage() {
  *damaged_ = true;
  rest_ = {};
  bytes_ = {};
  varint_ = 0;
}

uint64_t ProtobufReader::TakeVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < kMaxVarintBits && !rest_.empty(); shift += 7) {
    const uint8_t byte = rest_[0];
    rest_ = rest_.subspan(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  Damage();
  return 0;
}

std::span<const uint8_t> ProtobufReader::Take(uint64_t size) {
  if (size > rest_.size()) {
    Damage();
    return {};
  }
  const auto taken = rest_.first(static_cast<size_t>(size));
  rest_ = rest_.subspan(static_cast<size_t>(size));
  return taken;
}

bool ProtobufReader::Next() {
  if (*damaged_ || rest_.empty()) return false;
  const uint64_t tag = TakeVarint();
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = static_cast<WireType>(tag & 7);
  switch (type_) {
    case WireType::kVarint:
      varint_ = TakeVarint();
      break;
    case WireType::k64Bit:
      bytes_ = Take(8);
      break;
    case WireType::k32Bit:
      bytes_ = Take(4);
      break;
    case WireType::kBytes:
      bytes_ = Take(TakeVarint());
      break;
    default:
      Damage();  // groups, which ONNX does not use, and what does not exist
  }
  if (field_ == 0) Damage();
  return !*damaged_;
}

int64_t ProtobufReader::Integer() {
  if (type_ != WireType::kVarint) Damage();
  return static_cast<int64_t>(varint_);
}

float ProtobufReader::Number() {
  if (type_ != WireType::k32Bit) Damage();
  return *damaged_ ? 0 : FloatFrom(bytes_);
}

std::span<const uint8_t> ProtobufReader::Bytes() {
  if (type_ != WireType::kBytes) Damage();
  return bytes_;
}

std::string_view ProtobufReader::Text() {
  const auto bytes = Bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void ProtobufReader::AppendTo(List<int64_t>* integers) {
  if (type_ != WireType::kBytes) {
    integers->push_back(Integer());
    return;
  }
  ProtobufReader packed = Message();
  while (!packed.rest_.empty()) integers->push_back(static_cast<int64_t>(packed.TakeVarint()));
}

void ProtobufReader::AppendTo(List<float>* numbers) {
  if (type_ != WireType::kBytes) {
    numbers->push_back(Number());
    return;
  }
  const auto packed = Bytes();
  if (packed.size() % sizeof(float) != 0) Damage();
  for (size_t at = 0; at < bytes_.size(); at += sizeof(float)) {
    numbers->push_back(FloatFrom(packed.subspan(at)));
  }
}

}  // namespace insitu
