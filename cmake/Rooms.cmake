# runner_room(FOLDER [TARGET name] [EXCLUDE file...])
#
# One static library from every .cc under FOLDER; its headers form a header set, so that each is
# compiled alone by all_verify_interface_header_sets. An empty room is allowed.
function(runner_room folder)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "TARGET" "EXCLUDE")
  if(NOT room_TARGET)
    set(room_TARGET ${folder})
  endif()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.h")
  foreach(file IN LISTS room_EXCLUDE)
    list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/${file}")
  endforeach()
  if(NOT sources)
    set(empty "${PROJECT_BINARY_DIR}/generated/${room_TARGET}.cc")
    file(CONFIGURE OUTPUT "${empty}" CONTENT "// This room has headers only.\n")
    set(sources "${empty}")
  endif()

  add_library(${room_TARGET} STATIC ${sources})
  target_sources(${room_TARGET} PUBLIC
    FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
  target_link_libraries(${room_TARGET} PUBLIC project_settings PRIVATE project_warnings)
  target_compile_definitions(${room_TARGET} PRIVATE RUNNER_VERSION="${PROJECT_VERSION}")
  runner_compile_fast(${room_TARGET})
endfunction()
