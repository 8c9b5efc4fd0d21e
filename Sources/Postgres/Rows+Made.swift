import CPostgres

extension Rows {
  /// An answer that no server has given, so that what reading one costs can be counted.
  ///
  /// - Parameter rows: the values of each row; their types are those of the first row's.
  package convenience init?(made rows: [[Parameter]]) {
    guard let first = rows.first, let result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { return nil }
    var name = CChar(0)
    let isDescribed = withUnsafeMutablePointer(to: &name) { name in
      var columns = first.map { value in
        PGresAttDesc(
          name: name, tableid: 0, columnid: 0, format: 1, typid: value.type, typlen: -1, atttypmod: -1)
      }
      return PQsetResultAttrs(result, Int32(columns.count), &columns) == 1
    }
    guard isDescribed else {
      PQclear(result)
      return nil
    }
    let arena = ParameterArena()
    for (place, row) in rows.enumerated() {
      arena.with(row) { count, values, lengths, _ in
        for column in 0..<count {
          let value = values?[Int(column)]
          PQsetvalue(
            result, Int32(place), column, UnsafeMutablePointer(mutating: value),
            value == nil ? -1 : lengths?[Int(column)] ?? 0)
        }
      }
    }
    self.init(result)
  }
}
