# Third-party packages, each under one third_party:: name and always as SYSTEM. Everything missing is
# reported at once, by the name of the Debian package that brings it.

find_package(PkgConfig QUIET)
find_package(Threads QUIET)
find_package(fmt QUIET)
find_package(CURL QUIET)
find_package(ZLIB QUIET)
find_package(SQLite3 QUIET)
find_package(SQLiteCpp QUIET)
find_package(nlohmann_json QUIET)
find_package(CLI11 QUIET)
find_package(Boost 1.81 QUIET COMPONENTS filesystem system)
find_path(TOML_INCLUDE_DIR toml++/toml.h)
if(PkgConfig_FOUND)
  pkg_check_modules(LIBGIT2 QUIET IMPORTED_TARGET libgit2)
  pkg_check_modules(PROMETHEUS QUIET IMPORTED_TARGET prometheus-cpp-core prometheus-cpp-push)
endif()

set(runner_missing "")
macro(runner_need found package)
  if(NOT (${found}))
    list(APPEND runner_missing ${package})
  endif()
endmacro()
runner_need(PkgConfig_FOUND pkg-config)
runner_need(Threads_FOUND libc6-dev)
runner_need(fmt_FOUND libfmt-dev)
runner_need(CURL_FOUND libcurl4-openssl-dev)
runner_need(ZLIB_FOUND zlib1g-dev)
runner_need(SQLite3_FOUND libsqlite3-dev)
runner_need(SQLiteCpp_FOUND libsqlitecpp-dev)
runner_need(nlohmann_json_FOUND nlohmann-json3-dev)
runner_need(CLI11_FOUND libcli11-dev)
runner_need(Boost_FOUND "libboost-filesystem1.81-dev libboost-system1.81-dev")
runner_need(TOML_INCLUDE_DIR libtomlplusplus-dev)
runner_need(LIBGIT2_FOUND libgit2-dev)
runner_need(PROMETHEUS_FOUND prometheus-cpp-dev)
if(runner_missing)
  list(JOIN runner_missing " " runner_missing)
  message(FATAL_ERROR "missing Debian packages: ${runner_missing}\n"
    "Install them with apt-get, or let `./dev build` do it.")
endif()

# name, then the targets that it stands for. An alias of its own keeps SYSTEM in one place.
function(runner_third_party name)
  add_library(third_party_${name} INTERFACE)
  add_library(third_party::${name} ALIAS third_party_${name})
  target_link_libraries(third_party_${name} INTERFACE ${ARGN})
endfunction()

runner_third_party(libgit2 PkgConfig::LIBGIT2)
runner_third_party(prometheus PkgConfig::PROMETHEUS)
# Headers alone: the program loads the library itself, with its first request.
runner_third_party(curl ${CMAKE_DL_LIBS})
target_include_directories(third_party_curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
# SQLiteCpp is a static archive that uses sqlite3: the order on the link line matters.
runner_third_party(sqlite SQLiteCpp SQLite::SQLite3)
runner_third_party(boost Boost::filesystem Boost::system)
runner_third_party(json nlohmann_json::nlohmann_json)
runner_third_party(cli11 CLI11::CLI11)

# toml++ is used header-only although Debian ships a compiled library: its assertions can then be
# overridden where it is included, which the manifests room needs to survive hostile bytes.
runner_third_party(toml)
target_include_directories(third_party_toml SYSTEM INTERFACE "${TOML_INCLUDE_DIR}")
target_compile_definitions(third_party_toml INTERFACE TOML_HEADER_ONLY=1)
