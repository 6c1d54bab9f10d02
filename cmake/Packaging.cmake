# install() and the Debian package.

include(GNUInstallDirs)
if(TARGET runner)
  install(TARGETS runner RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
