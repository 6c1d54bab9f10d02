# Language, build types and where things are put.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

# Every header of a room is also compiled alone: target all_verify_interface_header_sets.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
endif()

# A broken invariant stops the program in every build type: no NDEBUG anywhere.
# -Og compiles as fast as -O0, and the proofs, which start programs by the thousand, end sooner.
# Where nobody debugs, as in the preset ci, information for a debugger is a fifth of a build.
option(RUNNER_DEBUG_INFO "Information for a debugger in builds that are not released" ON)
if(RUNNER_DEBUG_INFO)
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-Og")
endif()
# Lines are enough for what a sanitizer reports.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

# The room `runner` and the program `runner` share a name, so programs go to bin/ and archives to
# lib/ and never beside each other.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

add_library(project_settings INTERFACE)
target_compile_features(project_settings INTERFACE cxx_std_23)
target_include_directories(project_settings INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(project_settings INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(project_settings INTERFACE
  -fstack-protector-strong
  $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_link_options(project_settings INTERFACE -pie -Wl,-z,relro,-z,now)
