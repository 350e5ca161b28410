#include "shared/network/onnx_tensor.h"

#include <cstring>

#include "shared/float16.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// Field numbers of TensorProto.
enum TensorField {
  kDims = 1,
  kDataType = 2,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kTensorName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kUint64Data = 11,
  kExternalData = 13,
  kDataLocation = 14
};

// onnx.TensorProto.DataType
enum ElementType {
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13
};

// Bytes of a stored number and whether it has a sign; 0 bytes for a type that is not read.
struct NumberFormat {
  size_t bytes = 0;
  bool is_signed = false;
};

NumberFormat FormatOf(int64_t element_type) {
  switch (element_type) {
    case kUint8:
    case kBool:
      return {1, false};
    case kInt8:
      return {1, true};
    case kFloat16:
    case kUint16:
      return {2, false};
    case kInt16:
      return {2, true};
    case kFloat32:
    case kUint32:
      return {4, false};
    case kInt32:
      return {4, true};
    case kInt64:
      return {8, true};
    default:
      return {};
  }
}

// Little-endian, two's complement.
int64_t IntegerAt(const uint8_t* bytes, NumberFormat format) {
  uint64_t value = 0;
  for (size_t i = 0; i < format.bytes; ++i) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  const size_t unused = 64 - 8 * format.bytes;
  if (!format.is_signed) return static_cast<int64_t>(value);
  return static_cast<int64_t>(value << unused) >> unused;
}

bool ConvertRaw(const StoredTensor& stored, size_t count, Tensor* tensor) {
  const NumberFormat format = FormatOf(stored.element_type);
  const std::span<const uint8_t> raw = *stored.raw;
  if (raw.size() != count * format.bytes) return false;
  if (stored.element_type == kFloat32) {
    tensor->floats.resize(count);
    if (count > 0) std::memcpy(tensor->floats.data(), raw.data(), raw.size());
  } else if (stored.element_type == kFloat16) {
    tensor->halves = raw;
  } else {
    tensor->ints.resize(count);
    for (size_t i = 0; i < count; ++i) {
      tensor->ints[i] = IntegerAt(raw.data() + format.bytes * i, format);
    }
  }
  return true;
}

bool ConvertTyped(StoredTensor* stored, size_t count, Tensor* tensor) {
  if (stored->element_type == kFloat16) {  // bits, one in each int32_data
    for (int64_t bits : stored->ints) {
      stored->floats.push_back(FloatFromHalf(static_cast<uint16_t>(bits)));
    }
  }
  tensor->floats = std::move(stored->floats);
  tensor->ints = std::move(stored->ints);
  const size_t held =
      tensor->type == DataType::kFloat ? tensor->floats.size() : tensor->ints.size();
  return held == count;
}

}  // namespace

Failed CorruptModelWith(const char* pattern, const TextPart* parts, size_t count) {
  return Fail(ErrorCode::kModelCorrupt,
              "The model file is damaged or not ONNX (%). Fetch it again.",
              Fill(pattern, parts, count));
}

Failed UnsupportedModelWith(const char* pattern, const TextPart* parts, size_t count) {
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: %.",
              Fill(pattern, parts, count));
}

StoredTensor ReadStoredTensor(ProtobufReader reader) {
  StoredTensor tensor;
  while (reader.Next()) {
    switch (reader.field()) {
      case kDims:
        reader.AppendTo(&tensor.dims);
        break;
      case kDataType:
        tensor.element_type = reader.Integer();
        break;
      case kFloatData:
        reader.AppendTo(&tensor.floats);
        break;
      case kInt32Data:
      case kInt64Data:
        reader.AppendTo(&tensor.ints);
        break;
      case kTensorName:
        tensor.name = reader.Text();
        break;
      case kRawData:
        tensor.raw = reader.Bytes();
        break;
      case kExternalData:
        tensor.external = true;
        break;
      case kDataLocation:
        tensor.external = tensor.external || reader.Integer() != 0;
        break;
      default:
        break;
    }
  }
  return tensor;
}

void Widen(Tensor* tensor) {
  if (tensor->halves.empty()) return;
  const auto halves = std::exchange(tensor->halves, {});
  tensor->floats.resize(halves.size() / 2);
  for (size_t i = 0; i < tensor->floats.size(); ++i) {
    tensor->floats[i] = FloatFromHalf(HalfAt(&halves[2 * i]));
  }
}

Result<Tensor> ConvertTensor(StoredTensor stored) {
  const std::string where = StrCat("tensor '", stored.name, "'");
  if (stored.external) {
    return UnsupportedModel("% keeps its data in another file; export the model as one file",
                            where);
  }
  int64_t count = 1;
  if (stored.dims.size() > static_cast<size_t>(kMaxTensorRank)) {
    return UnsupportedModel("% has more than % dimensions", where, kMaxTensorRank);
  }
  for (int64_t dim : stored.dims) {
    if (dim < 0) return CorruptModel("% has a negative dimension", where);
    if (dim > kMaxTensorElements || count * dim > kMaxTensorElements) {
      return UnsupportedModel("% has more than % elements", where, kMaxTensorElements);
    }
    count *= dim;
  }
  Tensor tensor;
  tensor.shape = Shape(stored.dims);
  if (IsOnnxInteger(stored.element_type)) {
    tensor.type = DataType::kInt64;
  } else if (stored.element_type != kFloat32 && stored.element_type != kFloat16) {
    return UnsupportedModel("% has element type %; float, float16 and whole numbers are read",
                            where, stored.element_type);
  }
  const bool filled = stored.raw ? ConvertRaw(stored, static_cast<size_t>(count), &tensor)
                                 : ConvertTyped(&stored, static_cast<size_t>(count), &tensor);
  if (!filled) return CorruptModel("% does not fill its shape", where);
  return tensor;
}

bool IsOnnxInteger(int64_t element_type) {
  switch (element_type) {
    case kUint8:
    case kInt8:
    case kUint16:
    case kInt16:
    case kInt32:
    case kInt64:
    case kBool:
    case kUint32:
      return true;
    default:
      return false;
  }
}

}  // namespace insitu
