#include <iostream>
#include <string>
#include <vector>

#include "backend/run.h"

int main(int argc, char** argv) {
  return insitu::Run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
