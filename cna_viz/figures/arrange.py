def arrange(rows, title, footnote):
    return rows[0][0]
