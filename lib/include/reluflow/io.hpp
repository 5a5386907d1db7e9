#pragma once

// Everything that reads and writes files. See design notes in each header.

#include "reluflow/io/csv.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/io/unfinished_run.hpp"
