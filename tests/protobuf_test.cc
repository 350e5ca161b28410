#include "shared/network/protobuf.h"

#include <catch_amalgamated.hpp>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace insitu {
namespace {

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Reads everything, as a caller would who knows no field, and says whether it was damaged.
bool IsDamaged(const std::string& message) {
  bool damaged = false;
  for (ProtobufReader reader(Bytes(message), &damaged); reader.Next();) {
  }
  return damaged;
}

TEST_CASE("What Protozero writes is read back", "[protobuf]") {
  const std::vector<int64_t> integers = {0, 1, -1, 127, 128, std::numeric_limits<int64_t>::min()};
  const std::vector<float> numbers = {0, -1.5F, std::numeric_limits<float>::infinity()};
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_int64(1, -7);
  writer.add_float(2, 0.1F);
  writer.add_string(3, "name");
  writer.add_packed_int64(4, integers.begin(), integers.end());
  writer.add_packed_float(5, numbers.begin(), numbers.end());
  writer.add_fixed64(6, 6);  // nobody asks for it
  std::string inner;
  protozero::pbf_writer(inner).add_string(1, "inside");
  writer.add_message(500, inner);

  bool damaged = false;
  List<int64_t> read_integers;
  List<float> read_numbers;
  std::string inside;
  for (ProtobufReader reader(Bytes(message), &damaged); reader.Next();) {
    switch (reader.field()) {
      case 1:
        CHECK(reader.Integer() == -7);
        break;
      case 2:
        CHECK(reader.Number() == 0.1F);
        break;
      case 3:
        CHECK(reader.Text() == "name");
        break;
      case 4:
        reader.AppendTo(&read_integers);
        break;
      case 5:
        reader.AppendTo(&read_numbers);
        break;
      case 500: {
        ProtobufReader child = reader.Message();
        REQUIRE(child.Next());
        inside = child.Text();
        CHECK_FALSE(child.Next());
        break;
      }
      default:
        break;
    }
  }
  CHECK_FALSE(damaged);
  CHECK(read_integers == integers);
  CHECK(read_numbers == numbers);
  CHECK(inside == "inside");
}

TEST_CASE("Repeated numbers may also come one by one", "[protobuf]") {
  std::string message;
  protozero::pbf_writer writer(message);
  for (int64_t i : {5, 6}) writer.add_int64(1, i);
  writer.add_float(2, 7);
  bool damaged = false;
  List<int64_t> integers;
  List<float> numbers;
  for (ProtobufReader reader(Bytes(message), &damaged); reader.Next();) {
    if (reader.field() == 1) reader.AppendTo(&integers);
    if (reader.field() == 2) reader.AppendTo(&numbers);
  }
  CHECK_FALSE(damaged);
  CHECK(integers == std::vector<int64_t>{5, 6});
  CHECK(numbers == std::vector<float>{7});
}

TEST_CASE("A message cut anywhere but between fields is damaged", "[protobuf]") {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_int64(1, 300);
  const size_t first = message.size();
  writer.add_string(2, "abc");
  for (size_t length = 0; length <= message.size(); ++length) {
    const bool between = length == 0 || length == first || length == message.size();
    CHECK(IsDamaged(message.substr(0, length)) != between);
  }
}

TEST_CASE("Bytes that are no protocol buffer are damaged", "[protobuf]") {
  using namespace std::string_literals;
  CHECK(IsDamaged("\x0b"s));                                          // a group
  CHECK(IsDamaged("\x0e\x00"s));                                      // wire type 6
  CHECK(IsDamaged("\x00\x01"s));                                      // field 0
  CHECK(IsDamaged("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s));  // longer than memory
  const std::string nine(9, '\xff');
  CHECK_FALSE(IsDamaged("\x08"s + nine + "\x01"s));  // the longest varint: 10 bytes
  CHECK(IsDamaged("\x08"s + nine + "\xff\x01"s));
}

TEST_CASE("A field of another type than asked for is damage, also for the message around it",
          "[protobuf]") {
  std::string inner;
  protozero::pbf_writer(inner).add_string(1, "text");
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_message(1, inner);
  writer.add_int64(2, 1);
  bool damaged = false;
  ProtobufReader reader(Bytes(message), &damaged);
  REQUIRE(reader.Next());
  ProtobufReader child = reader.Message();
  REQUIRE(child.Next());
  CHECK(child.Integer() == 0);
  CHECK(damaged);
  CHECK_FALSE(child.Next());
  CHECK_FALSE(reader.Next());
}

TEST_CASE("Packed floats that do not fill their last number are damage", "[protobuf]") {
  std::string message;
  protozero::pbf_writer(message).add_bytes(1, "12345");
  bool damaged = false;
  List<float> numbers;
  ProtobufReader reader(Bytes(message), &damaged);
  REQUIRE(reader.Next());
  reader.AppendTo(&numbers);
  CHECK(damaged);
}

}  // namespace
}  // namespace insitu
