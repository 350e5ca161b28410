#include "shared/list.h"

#include <catch_amalgamated.hpp>
#include <memory>
#include <vector>

namespace insitu {
namespace {

TEST_CASE("A list starts empty and keeps what is appended, in order", "[list]") {
  List<int> numbers;
  CHECK(numbers.empty());
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  REQUIRE(numbers.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(numbers[static_cast<size_t>(i)] == i);
  CHECK(numbers.back() == 999);
}

TEST_CASE("An element of a list may be appended to that list", "[list]") {
  List<int> numbers = {7};
  for (int i = 0; i < 100; ++i) numbers.push_back(numbers[0]);
  CHECK(numbers == List<int>(101, 7));
}

TEST_CASE("Copies of a list are apart from it", "[list]") {
  List<float> numbers = {1, 2, 3};
  List<float> copy = numbers;
  copy[0] = 9;
  CHECK(numbers == std::vector<float>{1, 2, 3});
  numbers = copy;
  CHECK(numbers == std::vector<float>{9, 2, 3});
  CHECK_FALSE(numbers == std::vector<float>{9, 2});
  CHECK_FALSE(numbers == std::vector<float>{9, 2, 4});
}

TEST_CASE("What a list grows by is zero", "[list]") {
  List<int> numbers = {1, 2, 3};
  numbers.resize(1);
  numbers.resize(4);
  CHECK(numbers == std::vector<int>{1, 0, 0, 0});
  numbers.assign(2, 5);
  CHECK(numbers == std::vector<int>{5, 5});
  numbers.clear();
  CHECK(numbers.empty());
}

TEST_CASE("A list ends its elements once: when cut, left out, cleared or gone", "[list]") {
  const auto counted = std::make_shared<int>(0);
  struct Element {
    std::unique_ptr<std::shared_ptr<int>> held;
  };
  {
    List<Element> elements;
    for (int i = 0; i < 20; ++i) {
      elements.emplace_back().held = std::make_unique<std::shared_ptr<int>>(counted);
    }
    CHECK(counted.use_count() == 21);
    elements.truncate(15);
    CHECK(counted.use_count() == 16);
    int place = 0;
    elements.remove_if([&place](const Element&) { return place++ % 3 == 0; });
    CHECK(elements.size() == 10);
    CHECK(counted.use_count() == 11);
    List<Element> taken = std::move(elements);
    CHECK(taken.size() == 10);
    taken = List<Element>();
    CHECK(counted.use_count() == 1);
    taken.push_back({std::make_unique<std::shared_ptr<int>>(counted)});
    CHECK(counted.use_count() == 2);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("Leaving out keeps the order of the rest", "[list]") {
  List<int> numbers = {1, 2, 3, 4, 5, 6};
  numbers.remove_if([](int number) { return number % 2 == 0; });
  CHECK(numbers == std::vector<int>{1, 3, 5});
  numbers.remove_if([](int) { return true; });
  CHECK(numbers.empty());
}

}  // namespace
}  // namespace insitu
