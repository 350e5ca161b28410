#include "shared/network/onnx.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "shared/limits.h"
#include "shared/network/protobuf.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// Field numbers of onnx.proto.
enum ModelField {
  kIrVersion = 1,
  kProducerName = 2,
  kGraph = 7,
  kOpsetImport = 8,
  kMetadata = 14,
  kFunctions = 25
};
enum GraphField { kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12, kSparseInitializer = 15 };
enum NodeField {
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kOpType = 4,
  kAttribute = 5,
  kDomain = 7
};
enum AttributeField {
  kAttributeName = 1,
  kF = 2,
  kI = 3,
  kS = 4,
  kT = 5,
  kG = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kType = 20,
  kRefName = 21
};
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

template <typename... Parts>
[[gnu::always_inline]] inline Failed Corrupt(const Parts&... what) {
  return Fail(ErrorCode::kModelCorrupt, "The model file is damaged or not ONNX (", what...,
              "). Fetch it again.");
}

template <typename... Parts>
[[gnu::always_inline]] inline Failed Unsupported(const Parts&... what) {
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: ", what..., ".");
}

// IEEE 754-2008 binary16 -> binary32, exact.
float FloatFromHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) {  // infinity, NaN
    return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  }
  // Shifted into place the exponent is 112 too small; multiplying by 2^112 mends that and
  // normalises subnormals alike.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | sign);
}

// A TensorProto before its data are converted.
struct StoredTensor {
  std::string name;
  std::vector<int64_t> dims;
  int64_t element_type = 0;
  bool external = false;
  std::optional<std::span<const uint8_t>> raw;
  std::vector<float> floats;
  std::vector<int64_t> ints;  // int32_data and int64_data
};

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
    tensor->floats.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const int64_t half = IntegerAt(raw.data() + 2 * i, format);
      tensor->floats[i] = FloatFromHalf(static_cast<uint16_t>(half));
    }
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

Result<Tensor> ConvertTensor(StoredTensor stored) {
  const std::string where = StrCat("tensor '", stored.name, "'");
  if (stored.external) {
    return Unsupported(where, " keeps its data in another file; export the model as one file");
  }
  int64_t count = 1;
  if (stored.dims.size() > static_cast<size_t>(kMaxTensorRank)) {
    return Unsupported(where, " has more than ", kMaxTensorRank, " dimensions");
  }
  for (int64_t dim : stored.dims) {
    if (dim < 0) return Corrupt(where, " has a negative dimension");
    if (dim > kMaxTensorElements || count * dim > kMaxTensorElements) {
      return Unsupported(where, " has more than ", kMaxTensorElements, " elements");
    }
    count *= dim;
  }
  Tensor tensor;
  tensor.shape = stored.dims;
  if (IsOnnxInteger(stored.element_type)) {
    tensor.type = DataType::kInt64;
  } else if (stored.element_type != kFloat32 && stored.element_type != kFloat16) {
    return Unsupported(where, " has element type ", stored.element_type,
                       "; float, float16 and whole numbers are read");
  }
  const bool filled = stored.raw ? ConvertRaw(stored, static_cast<size_t>(count), &tensor)
                                 : ConvertTyped(&stored, static_cast<size_t>(count), &tensor);
  if (!filled) return Corrupt(where, " does not fill its shape");
  return tensor;
}

Result<OnnxAttribute> ReadAttribute(ProtobufReader reader) {
  OnnxAttribute attribute;
  while (reader.Next()) {
    switch (reader.field()) {
      case kAttributeName:
        attribute.name = reader.Text();
        break;
      case kF:
        attribute.number = reader.Number();
        break;
      case kI:
        attribute.integer = reader.Integer();
        break;
      case kS:
        attribute.text = reader.Text();
        break;
      case kFloats:
        reader.AppendTo(&attribute.numbers);
        break;
      case kInts:
        reader.AppendTo(&attribute.integers);
        break;
      case kT: {
        ASSIGN_OR_RETURN(attribute.tensor, ConvertTensor(ReadStoredTensor(reader.Message())));
        break;
      }
      default:
        break;  // graphs, strings: an operator that needs them is not supported
    }
  }
  return attribute;
}

Result<OnnxNode> ReadNode(ProtobufReader reader, NameTable* names) {
  OnnxNode node;
  while (reader.Next()) {
    switch (reader.field()) {
      case kNodeInput:
        node.inputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeOutput:
        node.outputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeName:
        node.name = reader.Text();
        break;
      case kOpType:
        node.op_type = reader.Text();
        break;
      case kDomain:
        node.domain = reader.Text();
        break;
      case kAttribute: {
        ASSIGN_OR_RETURN(OnnxAttribute attribute, ReadAttribute(reader.Message()));
        node.attributes.push_back(std::move(attribute));
        break;
      }
      default:
        break;
    }
  }
  return node;
}

// TensorShapeProto {1: Dimension {1: value, 2: name}}
Shape ReadShape(ProtobufReader reader) {
  Shape shape;
  while (reader.Next()) {
    if (reader.field() != 1) continue;
    int64_t value = -1;
    for (ProtobufReader dimension = reader.Message(); dimension.Next();) {
      if (dimension.field() == 1) value = dimension.Integer();
    }
    shape.push_back(value < 1 ? -1 : value);
  }
  return shape;
}

// TypeProto.Tensor {1: elem_type, 2: shape}
void ReadTensorType(ProtobufReader reader, OnnxValueInfo* info) {
  while (reader.Next()) {
    if (reader.field() == 1) info->element_type = static_cast<int>(reader.Integer());
    if (reader.field() == 2) info->shape = ReadShape(reader.Message());
  }
}

// ValueInfoProto {1: name, 2: TypeProto {1: Tensor}}
OnnxValueInfo ReadValueInfo(ProtobufReader reader, NameTable* names) {
  OnnxValueInfo info;
  while (reader.Next()) {
    if (reader.field() == 1) info.name = names->Intern(reader.Text());
    if (reader.field() != 2) continue;
    for (ProtobufReader type = reader.Message(); type.Next();) {
      if (type.field() == 1) ReadTensorType(type.Message(), &info);
    }
  }
  return info;
}

Status ReadGraph(ProtobufReader reader, OnnxModel* model) {
  while (reader.Next()) {
    switch (reader.field()) {
      case kNode: {
        if (model->nodes.size() == kMaxGraphNodes) {
          return Unsupported("its graph has more than ", kMaxGraphNodes, " nodes");
        }
        ASSIGN_OR_RETURN(OnnxNode node, ReadNode(reader.Message(), &model->names));
        model->nodes.push_back(std::move(node));
        break;
      }
      case kInitializer: {
        StoredTensor stored = ReadStoredTensor(reader.Message());
        const NameId name = model->names.Intern(stored.name);
        ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
        model->initializers.emplace_back(name, std::move(tensor));
        break;
      }
      case kInput:
        model->inputs.push_back(ReadValueInfo(reader.Message(), &model->names));
        break;
      case kOutput:
        model->outputs.push_back(ReadValueInfo(reader.Message(), &model->names));
        break;
      case kSparseInitializer:
        return Unsupported("it has sparse initializers");
      default:
        break;
    }
  }
  std::vector<bool> has_value(model->names.size(), false);
  for (const auto& [name, tensor] : model->initializers) {
    has_value[static_cast<size_t>(name)] = true;
  }
  std::erase_if(model->inputs, [&has_value](const OnnxValueInfo& input) {
    return has_value[static_cast<size_t>(input.name)];
  });
  return {};
}

// OperatorSetIdProto {1: domain, 2: version}
void ReadOpset(ProtobufReader reader, OnnxModel* model) {
  std::string domain;
  int64_t version = 0;
  while (reader.Next()) {
    if (reader.field() == 1) domain = reader.Text();
    if (reader.field() == 2) version = reader.Integer();
  }
  if (domain.empty() || domain == "ai.onnx") model->opset = version;
}

// StringStringEntryProto {1: key, 2: value}
void ReadMetadataEntry(ProtobufReader reader, OnnxModel* model) {
  std::pair<std::string, std::string> entry;
  while (reader.Next()) {
    if (reader.field() == 1) entry.first = reader.Text();
    if (reader.field() == 2) entry.second = reader.Text();
  }
  model->metadata.push_back(std::move(entry));
}

Result<OnnxModel> ReadModel(ProtobufReader reader) {
  OnnxModel model;
  bool has_graph = false;
  while (reader.Next()) {
    switch (reader.field()) {
      case kIrVersion:
        model.ir_version = reader.Integer();
        break;
      case kProducerName:
        model.producer = reader.Text();
        break;
      case kGraph:
        RETURN_IF_ERROR(ReadGraph(reader.Message(), &model));
        has_graph = true;
        break;
      case kOpsetImport:
        ReadOpset(reader.Message(), &model);
        break;
      case kMetadata:
        ReadMetadataEntry(reader.Message(), &model);
        break;
      case kFunctions:
        return Unsupported("it defines functions of its own");
      default:
        break;
    }
  }
  if (!has_graph) return Corrupt("it holds no graph");
  for (const OnnxValueInfo& input : model.inputs) {
    if (input.element_type == 0)
      return Unsupported("its input '", model.names.text(input.name), "' is no tensor");
  }
  if (model.opset < kMinOpset || model.opset > kMaxOpset) {
    return Unsupported("it uses operator set ", model.opset, "; sets ", kMinOpset, " to ",
                       kMaxOpset, " are known");
  }
  return model;
}

}  // namespace

const Tensor* OnnxModel::FindInitializer(std::string_view name) const {
  for (auto found = initializers.rbegin(); found != initializers.rend(); ++found) {
    if (names.text(found->first) == name) return &found->second;
  }
  return nullptr;
}

NameId* NameTable::Slot(std::string_view name) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots_[at] == kNoName || text(slots_[at]) == name) return &slots_[at];
  }
}

NameId NameTable::Intern(std::string_view name) {
  if (name.empty() && !texts_.empty()) return kNoName;
  if (texts_.size() * 2 >= slots_.size()) {
    slots_.assign(std::max<size_t>(64, slots_.size() * 2), kNoName);
    for (size_t id = 1; id < texts_.size(); ++id) *Slot(texts_[id]) = static_cast<NameId>(id);
  }
  NameId* slot = Slot(name);
  if (*slot == kNoName) {
    *slot = static_cast<NameId>(texts_.size());
    texts_.emplace_back(name);
  }
  return *slot;
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

Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxModelBytes) {
    return Unsupported("its file is larger than ", kMaxModelBytes >> 20, " MiB");
  }
  bool damaged = false;
  Result<OnnxModel> model = ReadModel(ProtobufReader(bytes, &damaged));
  if (damaged) return Corrupt("its structure breaks off");
  return model;
}

Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes) {
  bool damaged = false;
  StoredTensor stored = ReadStoredTensor(ProtobufReader(bytes, &damaged));
  if (damaged) return Corrupt("its structure breaks off");
  std::string name = stored.name;
  ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
  return std::pair(std::move(name), std::move(tensor));
}

}  // namespace insitu
