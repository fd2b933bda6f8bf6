"""Another program's window that offers files to be dragged: ``python drag_source.py FILE...``.

Says ``ready`` when it can be grabbed and ``dropped ACTION`` when somebody took the files.
"""

import sys

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        middle = self.mapToGlobal(QPoint(self.width() // 2, self.height() // 2))
        print("ready", middle.x(), middle.y(), flush=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            data = QMimeData()
            data.setUrls([QUrl.fromLocalFile(name) for name in sys.argv[1:]])
            drag = QDrag(self)
            drag.setMimeData(data)
            print("dropped", drag.exec(Qt.DropAction.CopyAction).name, flush=True)
            QTimer.singleShot(1000, QApplication.quit)  # the taker may still fetch the data


if __name__ == "__main__":
    app = QApplication(sys.argv)
    app.setApplicationName("Drag source")
    source = Source("files")
    source.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
    source.setGeometry(0, 0, 60, 30)
    source.show()
    sys.exit(app.exec())
