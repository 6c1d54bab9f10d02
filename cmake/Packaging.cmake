# install() and the Debian package: program, completions, manual page, licence, change log.

include(GNUInstallDirs)

set(RUNNER_PACKAGE_MAINTAINER "Maintainers of runner <maintainers@runner.example.org>"
  CACHE STRING "Who answers for the Debian package")

if(NOT TARGET runner)
  return()
endif()

install(TARGETS runner RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

# What is made from the built program, only in the build type that is installed: a developer's build
# need not wait for it.
set(extras_default OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(extras_default ON)
endif()
option(RUNNER_INSTALL_EXTRAS "Install completions, manual page, change log" ${extras_default})

if(RUNNER_INSTALL_EXTRAS)
  set(extras "${PROJECT_BINARY_DIR}/packaging")
  file(MAKE_DIRECTORY "${extras}")
  find_program(RUNNER_GZIP gzip REQUIRED)

  set(made "")
  foreach(shell IN ITEMS bash zsh fish)
    set(completion "${extras}/completion.${shell}")
    add_custom_command(
      OUTPUT "${completion}"
      COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:runner>" "-DSHELL=${shell}"
        "-DOUTPUT=${completion}" -P "${PROJECT_SOURCE_DIR}/cmake/packaging/completion.cmake"
      DEPENDS runner cmake/packaging/completion.cmake
      VERBATIM)
    list(APPEND made "${completion}")
  endforeach()

  string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, if set
  set(changelog_debian "${PROJECT_BINARY_DIR}/generated/changelog.Debian")
  configure_file(cmake/packaging/changelog.Debian.in "${changelog_debian}" @ONLY)

  # gzip -n leaves the time out, so that two builds give the same bytes.
  set(name_runner.1 runner.1)
  set(name_CHANGELOG.md changelog)
  set(name_changelog.Debian changelog.Debian)
  foreach(file IN ITEMS
      "${PROJECT_SOURCE_DIR}/docs/runner.1" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${changelog_debian}")
    cmake_path(GET file FILENAME source_name)
    set(name "${name_${source_name}}")
    add_custom_command(
      OUTPUT "${extras}/${name}.gz"
      COMMAND "${CMAKE_COMMAND}" -E copy "${file}" "${extras}/${name}"
      COMMAND "${RUNNER_GZIP}" -9 -n -f "${extras}/${name}"
      DEPENDS "${file}"
      VERBATIM)
    list(APPEND made "${extras}/${name}.gz")
  endforeach()
  add_custom_target(packaging_files ALL DEPENDS ${made})

  install(FILES "${extras}/completion.bash" RENAME runner
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${extras}/completion.zsh" RENAME _runner
    DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
  install(FILES "${extras}/completion.fish" RENAME runner.fish
    DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
  install(FILES "${extras}/runner.1.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${extras}/changelog.gz" "${extras}/changelog.Debian.gz"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()
install(FILES cmake/packaging/copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME runner)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "${RUNNER_PACKAGE_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "turn labelled issues into landed, verified code")
set(CPACK_PACKAGE_DESCRIPTION
  "A batch program that reads manifests, polls issue trackers, starts a coding
agent in a git worktree for each issue that may start, verifies and lands
what it did, watches CI, sends it back when CI is red, and records, costs
and explains every step. Nothing has to stay resident: a tick starts, does
what is due, and ends.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4 (>= 7.85)")  # loaded with the first request
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, git")
include(CPack)
