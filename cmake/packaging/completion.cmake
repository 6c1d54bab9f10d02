# Asks the program for the completion of one shell. Variables: PROGRAM, SHELL, OUTPUT.
execute_process(COMMAND "${PROGRAM}" completion "${SHELL}"
  OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR text STREQUAL "")
  message(FATAL_ERROR "`runner completion ${SHELL}` ended with ${status} and "
    "gave no completion to install:\n${errors}")
endif()
file(WRITE "${OUTPUT}" "${text}")
