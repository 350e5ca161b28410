// Protozero reports malformed protobuf by exceptions, so this one file is compiled with them; they
// end in ReadOnnx and ReadOnnxTensor.
#include "shared/network/onnx.h"

#include <bit>
#include <cstring>
#include <exception>

namespace insitu {
struct WireTypeError : std::exception {};
}  // namespace insitu

// A field whose wire type is not the expected one is bad input, not a programming error.
#define protozero_assert(condition) ((condition) ? void() : throw ::insitu::WireTypeError())
#include <protozero/pbf_reader.hpp>

#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using protozero::pbf_reader;

// Field numbers of onnx.proto.
enum ModelField { kIrVersion = 1, kProducerName = 2, kGraph = 7, kOpsetImport = 8, kMetadata = 14, kFunctions = 25 };
enum GraphField { kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12, kSparseInitializer = 15 };
enum NodeField { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kOpType = 4, kAttribute = 5, kDomain = 7 };
enum AttributeField { kAttributeName = 1, kF = 2, kI = 3, kS = 4, kT = 5, kG = 6, kFloats = 7, kInts = 8, kStrings = 9, kType = 20, kRefName = 21 };
enum TensorField { kDims = 1, kDataType = 2, kFloatData = 4, kInt32Data = 5, kStringData = 6, kInt64Data = 7, kTensorName = 8, kRawData = 9, kDoubleData = 10, kUint64Data = 11, kExternalData = 13, kDataLocation = 14 };

// onnx.TensorProto.DataType
enum ElementType { kFloat32 = 1, kUint8 = 2, kInt8 = 3, kUint16 = 4, kInt16 = 5, kInt32 = 6, kInt64 = 7, kString = 8, kBool = 9, kFloat16 = 10, kDouble = 11, kUint32 = 12, kUint64 = 13 };

Error Corrupt(std::string_view what) {
  return {ErrorCode::kModelCorrupt,
          StrCat("The model file is damaged or not ONNX (", what, "). Fetch it again.")};
}

Error Unsupported(std::string_view what) {
  return {ErrorCode::kModelUnsupported, StrCat("The model cannot be run: ", what, ".")};
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

template <typename Stored, typename Convert, typename Out>
bool FromRaw(protozero::data_view raw, int64_t count, Convert convert, std::vector<Out>* out) {
  if (raw.size() != static_cast<size_t>(count) * sizeof(Stored)) return false;
  out->resize(static_cast<size_t>(count));
  for (size_t i = 0; i < out->size(); ++i) {
    Stored stored;  // little-endian in the file, as on every machine we run on
    std::memcpy(&stored, raw.data() + i * sizeof(Stored), sizeof(Stored));
    (*out)[i] = convert(stored);
  }
  return true;
}

template <typename Stored>
bool IntsFromRaw(protozero::data_view raw, int64_t count, std::vector<int64_t>* out) {
  return FromRaw<Stored>(raw, count, [](Stored v) { return static_cast<int64_t>(v); }, out);
}

// A TensorProto before its data are converted.
struct StoredTensor {
  std::string name;
  Shape dims;
  int element_type = 0;
  bool external = false;
  std::optional<protozero::data_view> raw;
  std::vector<float> floats;
  std::vector<int64_t> ints;  // int32_data and int64_data
};

template <typename Range, typename Out>
void AppendRange(const Range& range, std::vector<Out>* out) {
  for (auto value : range) out->push_back(static_cast<Out>(value));
}

// Repeated scalars come packed or one by one; both are legal.
void AppendInt64(pbf_reader* field, Shape* out) {
  if (field->wire_type() == protozero::pbf_wire_type::length_delimited) {
    AppendRange(field->get_packed_int64(), out);
  } else {
    out->push_back(field->get_int64());
  }
}

void AppendInt32(pbf_reader* field, Shape* out) {
  if (field->wire_type() == protozero::pbf_wire_type::length_delimited) {
    AppendRange(field->get_packed_int32(), out);
  } else {
    out->push_back(field->get_int32());
  }
}

void AppendFloat(pbf_reader* field, std::vector<float>* out) {
  if (field->wire_type() == protozero::pbf_wire_type::length_delimited) {
    AppendRange(field->get_packed_float(), out);
  } else {
    out->push_back(field->get_float());
  }
}

StoredTensor ReadStoredTensor(pbf_reader reader) {
  StoredTensor tensor;
  while (reader.next()) {
    switch (reader.tag()) {
      case kDims: AppendInt64(&reader, &tensor.dims); break;
      case kDataType: tensor.element_type = reader.get_int32(); break;
      case kFloatData: AppendFloat(&reader, &tensor.floats); break;
      case kInt32Data: AppendInt32(&reader, &tensor.ints); break;
      case kInt64Data: AppendInt64(&reader, &tensor.ints); break;
      case kTensorName: tensor.name = reader.get_string(); break;
      case kRawData: tensor.raw = reader.get_view(); break;
      case kExternalData: tensor.external = true; reader.skip(); break;
      case kDataLocation: tensor.external = tensor.external || reader.get_enum() != 0; break;
      default: reader.skip();
    }
  }
  return tensor;
}

bool ConvertRaw(const StoredTensor& stored, int64_t count, Tensor* tensor) {
  const protozero::data_view raw = *stored.raw;
  switch (stored.element_type) {
    case kFloat32:
      return FromRaw<float>(raw, count, [](float v) { return v; }, &tensor->floats);
    case kFloat16: return FromRaw<uint16_t>(raw, count, FloatFromHalf, &tensor->floats);
    case kUint8:
    case kBool: return IntsFromRaw<uint8_t>(raw, count, &tensor->ints);
    case kInt8: return IntsFromRaw<int8_t>(raw, count, &tensor->ints);
    case kUint16: return IntsFromRaw<uint16_t>(raw, count, &tensor->ints);
    case kInt16: return IntsFromRaw<int16_t>(raw, count, &tensor->ints);
    case kInt32: return IntsFromRaw<int32_t>(raw, count, &tensor->ints);
    case kUint32: return IntsFromRaw<uint32_t>(raw, count, &tensor->ints);
    default: return IntsFromRaw<int64_t>(raw, count, &tensor->ints);
  }
}

bool ConvertTyped(StoredTensor* stored, int64_t count, Tensor* tensor) {
  if (stored->element_type == kFloat16) {  // bits, one in each int32_data
    for (int64_t bits : stored->ints) {
      stored->floats.push_back(FloatFromHalf(static_cast<uint16_t>(bits)));
    }
  }
  tensor->floats = std::move(stored->floats);
  tensor->ints = std::move(stored->ints);
  const size_t held =
      tensor->type == DataType::kFloat ? tensor->floats.size() : tensor->ints.size();
  return held == static_cast<size_t>(count);
}

Result<Tensor> ConvertTensor(StoredTensor stored) {
  const std::string where = StrCat("tensor '", stored.name, "'");
  if (stored.external) {
    return Unsupported(where + " keeps its data in another file; export the model as one file");
  }
  int64_t count = 1;
  if (stored.dims.size() > static_cast<size_t>(kMaxTensorRank)) {
    return Unsupported(StrCat(where, " has more than ", kMaxTensorRank, " dimensions"));
  }
  for (int64_t dim : stored.dims) {
    if (dim < 0) return Corrupt(where + " has a negative dimension");
    if (dim > kMaxTensorElements || count * dim > kMaxTensorElements) {
      return Unsupported(StrCat(where, " has more than ", kMaxTensorElements, " elements"));
    }
    count *= dim;
  }
  Tensor tensor;
  tensor.shape = stored.dims;
  if (IsOnnxInteger(stored.element_type)) {
    tensor.type = DataType::kInt64;
  } else if (stored.element_type != kFloat32 && stored.element_type != kFloat16) {
    return Unsupported(StrCat(where, " has element type ", stored.element_type,
                              "; float, float16 and whole numbers are read"));
  }
  const bool filled =
      stored.raw ? ConvertRaw(stored, count, &tensor) : ConvertTyped(&stored, count, &tensor);
  if (!filled) return Corrupt(where + " does not fill its shape");
  return tensor;
}

Result<OnnxAttribute> ReadAttribute(pbf_reader reader) {
  OnnxAttribute attribute;
  while (reader.next()) {
    switch (reader.tag()) {
      case kAttributeName: attribute.name = reader.get_string(); break;
      case kF: attribute.number = reader.get_float(); break;
      case kI: attribute.integer = reader.get_int64(); break;
      case kS: attribute.text = reader.get_string(); break;
      case kFloats: AppendFloat(&reader, &attribute.numbers); break;
      case kInts: AppendInt64(&reader, &attribute.integers); break;
      case kT: {
        ASSIGN_OR_RETURN(attribute.tensor, ConvertTensor(ReadStoredTensor(reader.get_message())));
        break;
      }
      default: reader.skip();  // graphs, strings: an operator that needs them is not supported
    }
  }
  return attribute;
}

Result<OnnxNode> ReadNode(pbf_reader reader) {
  OnnxNode node;
  while (reader.next()) {
    switch (reader.tag()) {
      case kNodeInput: node.inputs.push_back(reader.get_string()); break;
      case kNodeOutput: node.outputs.push_back(reader.get_string()); break;
      case kNodeName: node.name = reader.get_string(); break;
      case kOpType: node.op_type = reader.get_string(); break;
      case kDomain: node.domain = reader.get_string(); break;
      case kAttribute: {
        ASSIGN_OR_RETURN(OnnxAttribute attribute, ReadAttribute(reader.get_message()));
        node.attributes.push_back(std::move(attribute));
        break;
      }
      default: reader.skip();
    }
  }
  return node;
}

// TensorShapeProto {1: Dimension {1: value, 2: name}}
Shape ReadShape(pbf_reader reader) {
  Shape shape;
  while (reader.next(1)) {
    pbf_reader dimension = reader.get_message();
    int64_t value = -1;
    while (dimension.next(1)) value = dimension.get_int64();
    shape.push_back(value < 1 ? -1 : value);
  }
  return shape;
}

// ValueInfoProto {1: name, 2: TypeProto {1: Tensor {1: elem_type, 2: shape}}}
OnnxValueInfo ReadValueInfo(pbf_reader reader) {
  OnnxValueInfo info;
  while (reader.next()) {
    if (reader.tag() == 1) {
      info.name = reader.get_string();
    } else if (reader.tag() == 2) {
      pbf_reader type = reader.get_message();
      while (type.next(1)) {
        pbf_reader tensor_type = type.get_message();
        while (tensor_type.next()) {
          if (tensor_type.tag() == 1) {
            info.element_type = tensor_type.get_int32();
          } else if (tensor_type.tag() == 2) {
            info.shape = ReadShape(tensor_type.get_message());
          } else {
            tensor_type.skip();
          }
        }
      }
    } else {
      reader.skip();
    }
  }
  return info;
}

Status ReadGraph(pbf_reader reader, OnnxModel* model) {
  while (reader.next()) {
    switch (reader.tag()) {
      case kNode: {
        if (model->nodes.size() == kMaxGraphNodes) {
          return Unsupported(StrCat("its graph has more than ", kMaxGraphNodes, " nodes"));
        }
        ASSIGN_OR_RETURN(OnnxNode node, ReadNode(reader.get_message()));
        model->nodes.push_back(std::move(node));
        break;
      }
      case kInitializer: {
        StoredTensor stored = ReadStoredTensor(reader.get_message());
        std::string name = stored.name;
        ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
        model->initializers.insert_or_assign(std::move(name), std::move(tensor));
        break;
      }
      case kInput: model->inputs.push_back(ReadValueInfo(reader.get_message())); break;
      case kOutput: model->outputs.push_back(ReadValueInfo(reader.get_message())); break;
      case kSparseInitializer: return Unsupported("it has sparse initializers");
      default: reader.skip();
    }
  }
  std::erase_if(model->inputs, [model](const OnnxValueInfo& input) {
    return model->initializers.contains(input.name);
  });
  return {};
}

// OperatorSetIdProto {1: domain, 2: version}; StringStringEntryProto {1: key, 2: value}
void ReadOpset(pbf_reader reader, OnnxModel* model) {
  std::string domain;
  int64_t version = 0;
  while (reader.next()) {
    if (reader.tag() == 1) {
      domain = reader.get_string();
    } else if (reader.tag() == 2) {
      version = reader.get_int64();
    } else {
      reader.skip();
    }
  }
  if (domain.empty() || domain == "ai.onnx") model->opset = version;
}

void ReadMetadataEntry(pbf_reader reader, OnnxModel* model) {
  std::pair<std::string, std::string> entry;
  while (reader.next()) {
    if (reader.tag() == 1) {
      entry.first = reader.get_string();
    } else if (reader.tag() == 2) {
      entry.second = reader.get_string();
    } else {
      reader.skip();
    }
  }
  model->metadata.push_back(std::move(entry));
}

Result<OnnxModel> ReadModel(pbf_reader reader) {
  OnnxModel model;
  bool has_graph = false;
  while (reader.next()) {
    switch (reader.tag()) {
      case kIrVersion: model.ir_version = reader.get_int64(); break;
      case kProducerName: model.producer = reader.get_string(); break;
      case kGraph:
        RETURN_IF_ERROR(ReadGraph(reader.get_message(), &model));
        has_graph = true;
        break;
      case kOpsetImport: ReadOpset(reader.get_message(), &model); break;
      case kMetadata: ReadMetadataEntry(reader.get_message(), &model); break;
      case kFunctions: return Unsupported("it defines functions of its own");
      default: reader.skip();
    }
  }
  if (!has_graph) return Corrupt("it holds no graph");
  for (const OnnxValueInfo& input : model.inputs) {
    if (input.element_type == 0) return Unsupported("its input '" + input.name + "' is no tensor");
  }
  if (model.opset < kMinOpset || model.opset > kMaxOpset) {
    return Unsupported(StrCat("it uses operator set ", model.opset, "; sets ", kMinOpset, " to ",
                              kMaxOpset, " are known"));
  }
  return model;
}

protozero::data_view View(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool IsOnnxInteger(int element_type) {
  switch (element_type) {
    case kUint8:
    case kInt8:
    case kUint16:
    case kInt16:
    case kInt32:
    case kInt64:
    case kBool:
    case kUint32: return true;
    default: return false;
  }
}

Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxModelBytes) {
    return Unsupported(StrCat("its file is larger than ", kMaxModelBytes >> 20, " MiB"));
  }
  try {
    return ReadModel(pbf_reader(View(bytes)));
  } catch (const std::exception&) {
    return Corrupt("its structure breaks off");
  }
}

Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes) {
  try {
    StoredTensor stored = ReadStoredTensor(pbf_reader(View(bytes)));
    std::string name = stored.name;
    ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
    return std::pair(std::move(name), std::move(tensor));
  } catch (const std::exception&) {
    return Corrupt("its structure breaks off");
  }
}

}  // namespace insitu
